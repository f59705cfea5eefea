internal import ArgumentParser
internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import VirtualAdapter

/// `ndisprotctl run`.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Runs an unmodified program whose raw frames go through the daemon.",
    usage: "ndisprotctl run [OPTION ...] BINDING -- PROGRAM [ARGUMENT ...]",
    discussion: Help.text(
      """
      The program gets a user and network namespace of its own, and in it an interface with the name, \
      index, address and MTU of BINDING. What it sends there the daemon sends, as far as its rules \
      allow; what arrives it receives. It is for programs that speak raw Ethernet: wpa_supplicant, \
      lldpd, tcpdump, nmap, arping, ptp4l. See ndisprotctl-run(1).
      Exit: the program's status; 125 no adapter could be made; 126 the program cannot be run; 127 there \
      is no such program.
      """,
      [
        "ndisprotctl run eth0 --ethertype eapol -- wpa_supplicant -D wired -i eth0 -c wired.conf",
        "ndisprotctl run eth0 -- tcpdump -i eth0 -n",
      ]))

  @OptionGroup var global: GlobalOptions

  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  @Option(
    name: .customLong("ethertype"), parsing: .singleValue,
    help: ArgumentHelp(
      "An EtherType such as eapol, 0x88cc, llc (repeatable; default: any).", valueName: "type"))
  var etherTypes: [EtherTypeArgument] = []

  @Flag(help: "The program is root in its namespace, and no other user is there.")
  var asRoot = false

  @Flag(
    help: "The program is root, and may become the users that /etc/subuid grants you: for lldpd.")
  var mapIds = false

  @Flag(help: "The program gets a /sys of its namespace.")
  var sysfs = false

  @Flag(help: "The program hears no groups but those that every open hears.")
  var noGroups = false

  @Flag(help: "The kernel speaks IPv6 on the adapter by itself.")
  var ipv6 = false

  @Flag(help: "The program may write any source address, if a rule allows it.")
  var anySource = false

  @Flag(help: "The program receives what this host sends, too.")
  var outgoing = false

  @Option(help: ArgumentHelp("How frames leave the namespace: tap or veth.", valueName: "form"))
  var form: FormArgument?

  @Flag(name: .shortAndLong, help: "Says what happens while the program runs.")
  var verbose = false

  @Argument(parsing: .postTerminator, help: "The program and its arguments.")
  var program: [String] = []

  mutating func validate() throws {
    guard !program.isEmpty else {
      throw ValidationError(
        "no program is given. Write it behind --, as in: run eth0 -- tcpdump -c 1")
    }
    guard etherTypes.count <= EtherTypeSet.maximumCount else {
      throw ValidationError(
        "\(etherTypes.count) EtherTypes are too many. "
          + "Write --ethertype at most \(EtherTypeSet.maximumCount) times, or leave it out")
    }
  }

  private var identity: AdapterPlan.Identity { mapIds ? .mapped : asRoot ? .root : .own }

  private var flags: OpenRequest.Flags {
    var flags: OpenRequest.Flags = [.noLoopback, .ignoreCarrier]
    if anySource { flags.insert(.anySource) }
    if outgoing { flags.insert(.outgoing) }
    return flags
  }

  mutating func run() throws {
    let (open, text) = try openBinding()
    var options = AdapterRun.Options(
      socketPath: global.socketPath, identity: identity, program: program)
    options.hasSysfs = sysfs
    options.hasIPv6 = ipv6
    options.hearsGroups = !noGroups
    options.form = form?.form
    options.isVerbose = verbose
    let isVerbose = verbose
    let losses = RunLosses(open, socketPath: global.socketPath)
    let run = AdapterRun(options) { notice in
      if case .resumed = notice { losses.forget() }
      if let line = text.line(notice, isVerbose: isVerbose) { text.output.hint(line) }
    }
    do throws(AdapterError) {
      let result = try run.run(open)
      let (tally, ringLosses) = losses.complete(result.tally, of: open)
      (text.lines(tally) + text.lines(ringLosses: ringLosses)).forEach(text.output.hint)
      end(result.end)
    } catch {
      if let line = text.line(error) { text.output.hint(line) }
      throw Failure(exitCode: RunText.exitCode(error))
    }
  }

  /// A failure up to here means that there is no adapter.
  private func openBinding() throws -> (OpenBinding, RunText) {
    let name = binding.description
    let program = Program(global, "run \(name)", .open, binding: name)
    let types =
      etherTypes.isEmpty
      ? EtherTypeSet([EtherTypeSet.anyValue]) : EtherTypeSet(etherTypes.map(\.value))
    do throws(Failure) {
      let path = global.socketPath
      let connection = try program.attempt { () throws(ClientError) in try Connection(path: path) }
      let open = try program.open(
        binding, connection, etherTypes: types, flags: flags,
        purpose: AdapterRun.purpose(self.program))
      return (open, RunText(program.output, binding: open.name, address: open.address))
    } catch {
      if error.exitCode == 6, etherTypes.isEmpty {
        program.output.hint(
          "run \(name): every EtherType was asked for. If your rule lists some, name them: "
            + "--ethertype eapol")
      }
      throw Failure(exitCode: 125)
    }
  }

  /// Ends in the same way as the program, by a signal too: only then does ^C stop a shell's loop.
  private func end(_ end: ProgramEnd) -> Never {
    switch end {
    case .exited(let status): Glibc.exit(status)
    case .killed(let signal):
      clinux_end_by_signal(signal)
      Glibc.exit(128 + signal)
    }
  }
}

/// How frames leave the namespace.
enum FormArgument: String, ExpressibleByArgument, CaseIterable {
  case tap
  case veth

  var form: AdapterPlan.Form {
    switch self {
    case .tap: .tap
    case .veth: .veth
    }
  }
}
