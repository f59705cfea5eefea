import Glibc
import NDIS
import Ndisprot
import NdisprotServer
import Testing

@testable import NdisprotConfiguration

@Suite("Configuration")
struct ConfigurationTests {
  /// A directory with files, gone at the end.
  private struct Folder: ~Copyable {
    let path: String

    init() throws {
      var name = Array("/tmp/ndisprot-config-XXXXXX".utf8CString)
      try #require(mkdtemp(&name) != nil)
      path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    @discardableResult
    func write(_ text: String, _ name: String = "ndisprotd.toml", mode: mode_t = 0o644) -> String {
      let file = "\(path)/\(name)"
      let bytes = Array(text.utf8)
      let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      _ = Glibc.write(descriptor, bytes, bytes.count)
      close(descriptor)
      chmod(file, mode)
      return file
    }

    deinit {
      for name in ["ndisprotd.toml", "conf.d/1.toml", "conf.d/2.toml"] { unlink("\(path)/\(name)") }
      rmdir("\(path)/conf.d")
      rmdir(path)
    }
  }

  private static let rule = """
    [[rule]]
    name = "a"
    user = "1000"
    interface = "np*"
    ethertypes = ["0x88b5", 0x88b6, "llc"]
    rights = ["read", "any-source"]

    """

  private func problem(_ text: String, mode: mode_t = 0o644) throws -> String {
    let folder = try Folder()
    let path = folder.write(text, mode: mode)
    do throws(ConfigurationError) {
      _ = try ConfigurationSource(path: path).load()
      return ""
    } catch {
      let line = error.description
      return line.hasPrefix(path) ? String(line.dropFirst(path.count)) : line
    }
  }

  @Test("the example that is shipped loads without a warning")
  func example() throws {
    let file = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let folder = try Folder()
    let descriptor = open("/\(file)/Config/ndisprotd.toml", O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &bytes, bytes.count)
    close(descriptor)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    #expect(loaded.warnings.isEmpty)
    #expect(loaded.server.bindings.count == 1)
    let rule = try #require(loaded.server.policy.rules.first)
    #expect(rule.name == "supplicants")
    #expect(rule.rights == [.read, .write, .setOID, .exclusive])
    #expect(rule.rate == RateLimit(framesPerSecond: 1000, bytesPerSecond: 1 << 20))
    #expect(rule.quota.sessions == 4)
  }

  @Test(
    "lock_memory is off unless it is written",
    arguments: [("", false), ("[daemon]\nlock_memory = true\n", true)])
  func lockMemory(text: String, isLocked: Bool) throws {
    let folder = try Folder()
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    #expect(loaded.locksMemory == isLocked)
    #expect(loaded.server.files == ["\(folder.path)/ndisprotd.toml"])
  }

  @Test("files of conf.d follow in the order of their names; a rule's name is its own")
  func fragments() throws {
    let folder = try Folder()
    let path = folder.write(Self.rule)
    mkdir("\(folder.path)/conf.d", 0o755)
    folder.write(Self.rule.replacing("\"a\"", with: "\"c\""), "conf.d/2.toml")
    folder.write(Self.rule.replacing("\"a\"", with: "\"b\""), "conf.d/1.toml")
    let loaded = try ConfigurationSource(path: path).load()
    #expect(loaded.server.policy.rules.map(\.name) == ["a", "b", "c"])
    // Each says what the first says: it comes too late, and nothing is granted by it.
    #expect(loaded.warnings.count == 3)
    folder.write(Self.rule, "conf.d/2.toml")
    #expect(throws: ConfigurationError.self) { try ConfigurationSource(path: path).load() }
  }

  @Test(
    "what is wrong is told with its place",
    arguments: [
      ("[daemon\n", ":1:"), ("[demon]\n", ": demon: there is no such key"),
      ("[daemon]\nlog = 3\n", ": daemon.log: "),
      ("[daemon]\nlock_memory = 1\n", ": daemon.lock_memory: write true or false"),
      ("[daemon]\nqueue_memory = \"1 TB\"\n", ": daemon.queue_memory: "),
      ("[[binding]]\nprofile = \"latency\"\n", ": binding[0].interface: "),
      ("[[binding]]\ninterface = \"a\"\nring = \"1 KiB\"\n", ": binding[0].ring: "),
      ("[[binding]]\ninterface = \"np0:1\"\n", ": binding[0].interface: 'np0:1' cannot be"),
      ("rule = 3\n", ": rule: "),
    ])
  func places(text: String, place: String) throws {
    #expect(try problem(text).hasPrefix(place))
  }

  @Test(
    "a rule with one mistake is refused, wholly, and says which key",
    arguments: [
      ("\"1000\"", "\"no-such-user-here\"", "user"), ("user =", "group =", ""),
      ("user =", "owner =", "owner"),
      ("[\"0x88b5\", 0x88b6, \"llc\"]", "[\"0x8808\"]", "ethertypes"),
      ("0x88b6", "0x05ff", "ethertypes"), ("0x88b6", "65535", "ethertypes"),
      ("\"llc\"", "\"\"", "ethertypes[2]"),
      ("\"any-source\"", "\"root\"", "rights"), ("name = \"a\"", "name = \"a\\u001b[2J\"", "name"),
      ("name = \"a\"", "vlans = [\"none\", 4095]\nname = \"a\"", "vlans"),
      ("name = \"a\"", "vlans = [\"any\", 5]\nname = \"a\"", "vlans"),
      ("name = \"a\"", "rate = {}\nname = \"a\"", "rate"),
      ("name = \"a\"", "sessions = -1\nname = \"a\"", "sessions"),
      ("name = \"a\"", "group = \"0\"\nname = \"a\"", "user"),
      ("interface = \"np*\"", "", "interface"),
      ("interface = \"np*\"", "address = \"1:2\"", "address"),
      // Fault 16: no interface can have such a name.
      ("interface = \"np*\"", "interface = \"np0:1\"", "interface"),
      ("interface = \"np*\"", "interface = \"a/*\"", "interface"),
      ("interface = \"np*\"", "interface = \"np0@np1\"", "interface"),
      ("interface = \"np*\"", "interface = \" np0\"", "interface"),
      ("interface = \"np*\"", "interface = \"..\"", "interface"),
    ])
  func mistakes(what: String, instead: String, key: String) throws {
    let found = try problem(Self.rule.replacing(what, with: instead))
    #expect(key.isEmpty ? found.isEmpty : found.hasPrefix(": rule[0].\(key): "), "\(found)")
  }

  @Test("a file that others may write, a directory and a huge file are refused with the remedy")
  func files() throws {
    #expect(try problem(Self.rule, mode: 0o664).contains("chmod go-w"))
    #expect(try problem(Self.rule, mode: 0o646).contains("chmod go-w"))
    #expect(try problem(String(repeating: "#\n", count: 3 << 20)).contains("MiB"))
    #expect(throws: ConfigurationError.self) { try ConfigurationSource(path: "/tmp").load() }
    #expect(throws: ConfigurationError.self) {
      try ConfigurationSource(path: "/nonexistent").load()
    }
    let empty = try Folder()
    #expect(try ConfigurationSource(path: empty.write("")).load().warnings.count == 1)
  }
}
