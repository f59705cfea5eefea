internal import ArgumentParser
internal import CaptureFile
internal import FrameFilter
internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// A capture into Wireshark's FIFO.
///
/// Wireshark ends it by SIGTERM or by closing the FIFO; neither is a failure. An error is reported
/// as one sentence on standard error, which Wireshark shows.
struct ExtcapCapture {
  private let arguments: ExtcapArguments

  init(_ arguments: ExtcapArguments) { self.arguments = arguments }

  /// - Returns: the exit code
  func run() throws -> Int32 {
    let program = Program(
      socketPath: Extcap.socketPath(arguments), "capture \(arguments.interface)", .read,
      binding: arguments.interface)
    guard !arguments.fifo.isEmpty else {
      return refuse("--fifo is missing: Wireshark names it when it captures")
    }
    var filter: FrameFilter?
    if !arguments.filter.isEmpty {
      do throws(FrameFilterError) {
        filter = try FrameFilter(arguments.filter)
      } catch {
        return refuse(FilterArgument.sentence(error, arguments.filter))
      }
    }
    signal(SIGPIPE, SIG_IGN)
    let monitor = try program.connect()
    let entry = try program.entry(.name(arguments.interface), monitor)
    let own = OwnRights(entry)
    guard let types = types(own) else {
      return refuse(
        "'\(arguments.etherTypes)' are no EtherTypes. Write any, or at most \(EtherTypeSet.maximumCount) names and "
          + "numbers with commas such as lldp,0x88b5")
    }
    guard let hearing = hearing(own) else {
      return refuse(
        "'\(arguments.groups)' are no groups. Write all, protocol, none, or addresses with commas")
    }
    let connection = try program.attempt { () throws(ClientError) in
      try Connection(path: program.socketPath, interruption: monitor.interruption)
    }
    let open = try program.open(
      .name(entry.name), connection, etherTypes: types,
      flags: arguments.isOutgoing ?? own.mayReadOutgoing ? .outgoing : []
    )
    _ = try program.attempt { () throws(ClientError) in try hearing.set(on: open) }
    let source = CaptureSource(
      0, open, entry.captureInterface(open, nil), .pcapng, CaptureSelection(filter: filter))
    var head = CaptureWriter(.pcapng)
    head.appendHead(
      [source.interface], program: "ndisprotctl \(Build.version)",
      system: HostFacts.system)
    let sink = CaptureSink(
      CaptureFiles(arguments.fifo, CaptureRotation(), head: head.copy), frameLimit: 0)
    let moment: CaptureRun.Moment
    let failure: (error: ClientError, binding: String)?
    do throws(SystemError) {
      (moment, failure) = try CaptureRun([source], sink, .pcapng).run(
        monitor, by: .never, begun: {}, waiting: {}, show: { _ in })
    } catch {
      // EINTR: Wireshark ended the capture before it read from the pipe.
      if error.isBrokenPipe || error.errno == EINTR { return 0 }
      throw program.fail(uncapturable: arguments.fifo, error)
    }
    if let error = moment.file.error, !error.isBrokenPipe {
      throw program.fail(uncapturable: arguments.fifo, error)
    }
    if let failure { throw program.fail(failure.error) }
    return 0
  }

  private func types(_ own: OwnRights) -> EtherTypeSet? {
    guard arguments.etherTypes.isEmpty else { return EtherTypeSet(words: arguments.etherTypes) }
    // If the user may read nothing, the daemon reports why.
    return own.etherTypes.isEmpty ? EtherTypeSet([EtherTypeSet.anyValue]) : own.etherTypes
  }

  /// What is received; by default what the rules allow, as with `capture`.
  private func hearing(_ own: OwnRights) -> ReceiveFilterOptions? {
    var hearing = ReceiveFilterOptions()
    (hearing.noGroup, hearing.allGroups, hearing.groups) = (false, false, [])
    hearing.promiscuous = arguments.isPromiscuous
    switch arguments.groups {
    case "", "protocol": break
    case "all": hearing.allGroups = true
    case "none": hearing.noGroup = true
    default:
      for word in arguments.groups.split(whereSeparator: { $0 == "," || $0 == " " }) {
        guard let group = AddressArgument(argument: String(word)), group.address.isMulticast,
          hearing.groups.count < 32
        else { return nil }
        hearing.groups.append(group)
      }
    }
    return hearing.forCapture(arguments.groups == "protocol" ? nil : own)
  }

  private func refuse(_ sentence: String) -> Int32 {
    Output(isJSON: false).hint("capture \(arguments.interface): \(sentence)")
    return 1
  }
}
