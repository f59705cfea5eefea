import Glibc
import NDIS
import Testing

/// `ndisprotctl run` as a user without any capability.
///
/// Each run has a /dev/net of its own, so that which form of the adapter it gets depends on the test and
/// not on the machine.
struct RunCase {
  /// What /dev/net holds.
  enum Device: String {
    /// A tun node that everybody may open.
    case open
    /// Nothing.
    case missing
    /// A tun node of root's.
    case closed
  }

  var device = Device.open
  /// Options of `run` in front of the binding.
  var options: [String] = []
  var binding = "np0"
  /// Words in front of it all: a terminal, a limit.
  var launcher: [String] = []
  /// Whether the form of the adapter is named, so that no test gets another than it means.
  var namesForm = true
  /// Whether programs with capabilities of their file may use them: newuidmap(1).
  var mayGainPrivileges = false
  /// Who runs it; nil is root.
  var user: User? = .allowed
  /// Commands of a root shell before the run, in a mount namespace of its own.
  var preparation = ""

  /// The words that run a program.
  func words(_ lab: Lab, _ program: [String]) throws -> [String] {
    let node =
      switch device {
      case .open: "mknod -m 666 /dev/net/tun c 10 200"
      case .missing: "true"
      case .closed: "mknod -m 600 /dev/net/tun c 10 200"
      }
    let script =
      "mount -t tmpfs tmpfs /dev/net && \(node) && { \(preparation.isEmpty ? "true" : preparation); } && exec \"$@\""
    let user =
      mayGainPrivileges
      ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : user?.words ?? []
    let form = namesForm ? ["--form", device == .open ? "tap" : "veth"] : []
    return launcher + ["unshare", "--mount", "sh", "-c", script, "sh"] + user + [
      try Product.path("ndisprotctl"), "--socket", lab.socketPath, "run",
    ] + form + options + [binding, "--"] + program
  }
}

extension Lab {
  /// A daemon whose one rule gives `allowed` everything on every interface.
  static func runProgram(
    rights: String = "\"read\", \"write\", \"set-oid\", \"promiscuous\", \"all-frames\"",
    types: String = "\"any\", \"llc\"", binding: String = "", _ body: (Lab) throws -> Void
  ) throws {
    let rule = Policy.rule("run", types, rights, more: "vlans = [\"any\"]")
    try run(
      Options(configuration: Policy.text(rule, binding: binding), ownsWire: false), body)
  }

  /// Runs a program to its end.
  func run(
    _ program: String..., with runCase: RunCase = RunCase()
  ) throws -> ChildProcess.Outcome {
    try ChildProcess.run(runCase.words(self, program), errorPath: filePath("run"))
  }

  /// Runs a shell script to its end.
  func runScript(_ script: String, with runCase: RunCase = RunCase()) throws -> ChildProcess.Outcome
  {
    try run("sh", "-c", script, with: runCase)
  }

  /// Starts a program.
  func startRun(
    _ program: String..., with runCase: RunCase = RunCase()
  ) throws -> ChildProcess {
    try ChildProcess(runCase.words(self, program), errorPath: filePath("run"))
  }

  /// A folder that every user may write to; a test removes what it puts there.
  func openFolder() throws -> String {
    let path = filePath("open")
    guard mkdir(path, 0o777) == 0, chmod(path, 0o777) == 0 else {
      throw LabError.failed("mkdir \(path)")
    }
    return path
  }

  /// Python that sends the frames of its arguments, hex, on `np0`, one after the other.
  static let sender = """
    import socket, sys, time
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.bind(("np0", 0))
    for word in sys.stdin.read().split():
        while True:
            try:
                s.send(bytes.fromhex(word))
                break
            except OSError as error:
                if error.errno != 105:
                    print(error.errno, flush=True)
                    break
                time.sleep(0.0005)
    """
}

/// Frames of all shapes, the same for the same seed.
struct FrameDice {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next(_ bound: Int) -> Int {
    // xorshift64*.
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return Int((state &* 0x2545_F491_4F6C_DD1D) >> 33) % bound
  }

  private mutating func hex(_ count: Int) -> String {
    (0..<count).map { _ in
      let byte = next(256)
      return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  /// A frame: no tag, one or two; EtherType or LLC; 60 bytes to the MTU; to a station, a group, or all.
  mutating func frame(to station: String, from source: String) -> String {
    let destinations = [station, Frame.broadcast, "0180c200000e", "0180c2000003", "011b19000000"]
    let tags = ["", "", "", "81000005", "8100e005", "8100afff", "88a8000781000009"]
    let tag = tags[next(tags.count)]
    // The kernel lets one tag of 0x8100 go beyond the MTU, and no other.
    let longest = tag.count > 8 ? 1_492 : 1_500
    let sizes = [46, 47, 100, 1_400, longest, 46 + next(1_400)]
    let size = sizes[next(sizes.count)]
    let header = destinations[next(destinations.count)] + source + tag
    if next(7) == 0 {
      let length = String(size, radix: 16)
      return header + String(repeating: "0", count: 4 - length.count) + length + "424203"
        + hex(size - 3)
    }
    return header + ["88cc", "888e", "88f7", "8892", "88a4", "6000", "9999"][next(7)] + hex(size)
  }

  /// So many of them.
  mutating func frames(_ count: Int, to station: String, from source: String) -> [String] {
    (0..<count).map { _ in frame(to: station, from: source) }
  }
}
