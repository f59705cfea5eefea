internal import ArgumentParser
internal import NdisprotClient

/// `ndisprotctl watch`.
struct WatchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Prints what becomes of the bindings, as it happens.",
    discussion: Help.text(
      """
      Bindings that come and go, carrier, power, address, MTU, name, pause and restart, and the end \
      of the daemon, until it is interrupted. Each line shows the binding as it is since.
      """,
      ["ndisprotctl watch", "ndisprotctl --json watch"]))

  @OptionGroup var global: GlobalOptions

  mutating func run() throws {
    let program = Program(global, "watch", .subscribe)
    let connection = try program.connect()
    let standard = program.output.standard
    do throws(ClientError) {
      let events = try EventReader(connection)
      standard.writeLine(global.json ? #"{"event":"watching"}"# : "watching")
      standard.flush()
      while !standard.isClosed, let event = try events.next(by: .never) {
        standard.writeLine(global.json ? Self.json(event) : Self.line(event))
        standard.flush()
      }
    } catch .interrupted {
      return
    } catch {
      throw program.fail(error)
    }
  }

  static func json(_ event: EventMessage) -> String {
    var line = JSONLine()
    line.add("event", event.kind.name)
    line.add("sequence", event.sequence)
    line.add("lost", event.lost)
    line.add("timestampNanoseconds", time: event.timestamp)
    line.add("changes", event.changeCount)
    if let binding = event.binding { binding.addFields(to: &line) }
    return line.closed
  }

  /// The time of day, the binding, and its state after the event.
  static func line(_ event: EventMessage) -> String {
    let gap = event.lost == 0 ? "" : "(\(event.lost) events lost) "
    return FramePrinter.timeOfDay(event.timestamp) + " " + gap + Self.words(event)
  }

  private static func words(_ event: EventMessage) -> String {
    guard let binding = event.binding else { return "the daemon stops" }
    let what =
      switch event.kind {
      case .bindingAdded:
        "bound: address \(binding.address), MTU \(binding.mtu), link \(binding.link.name)"
      case .bindingRemoved: "unbound"
      case .linkState: "link \(binding.link.name)"
      case .powerState: "power \(binding.powerName)"
      case .address: "address \(binding.address)"
      case .mtu: "MTU \(binding.mtu)"
      case .name: "has this name now"
      case .bindingState: binding.state.name
      case .shutdown: "the daemon stops"
      }
    return "\(binding.name.printableName)@\(binding.interfaceIndex): \(what)"
  }
}
