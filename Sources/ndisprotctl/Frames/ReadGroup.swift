internal import FrameFilter
internal import NdisprotClient
internal import Platform
internal import Synchronization

/// A number of frames shared by several runs.
final class FrameBudget: Sendable {
  private let limit: UInt64
  private let taken = Atomic<UInt64>(0)

  /// 0 is no limit.
  init(_ limit: UInt64) { self.limit = limit }

  /// Takes one; false if none is left.
  func take() -> Bool {
    limit == 0 || taken.wrappingAdd(1, ordering: .relaxed).oldValue < limit
  }

  /// Whether none is left.
  var isSpent: Bool { limit > 0 && taken.load(ordering: .relaxed) >= limit }
}

/// A run with a thread of its own.
private final class ReadMember: @unchecked Sendable {
  // @unchecked: `run` and `error` belong to the thread until `hasEnded` is set.
  private var run: ReadRun
  let name: String
  private(set) var error: ClientError?
  private let ended = Atomic<Bool>(false)

  init(_ run: consuming ReadRun, _ name: String) {
    self.run = run
    self.name = name
  }

  var hasEnded: Bool { ended.load(ordering: .acquiring) }

  func read() {
    error = run.read()
    ended.store(true, ordering: .releasing)
  }
}

extension ReadMember {
  /// Prints the summary, after the end.
  func printSummary() { run.printSummary() }
}

extension ReadCommand {
  /// Reads several interfaces at once, each in a session and on a thread of its own.
  ///
  /// A run that ends, because there are enough frames or because of an error, ends the others.
  func readSeveral(_ filter: FrameFilter?) throws {
    let arguments = [open.binding] + further
    let names = arguments.map(\.description).joined(separator: ", ")
    let program = Program(global, "read \(names)", .read, binding: open.binding.description)
    let end = Deadline(after: timeout?.duration)
    let first = try program.connect(by: end)
    let budget = FrameBudget(count)
    var members: [ReadMember] = []
    var indexes: Set<UInt32> = []
    for argument in arguments {
      let connection = try program.attempt { () throws(ClientError) in
        try Connection(
          path: program.socketPath, interruption: first.interruption, timeout: end.connectTimeout)
      }
      connection.latest = end
      let hearing = hearing
      let binding = try program.open(
        argument, connection, etherTypes: open.etherTypeSet,
        mode: open.exclusive ? .exclusive : .shared, flags: outgoing ? .outgoing : [])
      let refused = try program.attempt { () throws(ClientError) in try hearing.set(on: binding) }
      program.explainSilence(of: binding, refused)
      guard indexes.insert(binding.granted.interfaceIndex).inserted else {
        throw BindingArgument.namedTwice
      }
      connection.latest = .never
      members.append(
        ReadMember(
          ReadRun(
            binding, Output(isJSON: global.json, color: global.color ?? .auto),
            printer: countOnly
              ? nil
              : show.printer(global, snap: snap, interface: binding.name, isOneOfSeveral: true),
            filter: filter, budget: budget,
            resuming: reconnect
              ? ResumingBinding(
                binding, path: program.socketPath, timeout: nil,
                prepare: { (open) throws(ClientError) in try hearing.set(on: open) }) : nil,
            countLimit: count, end: end, idleTimeout: idleTimeout?.duration), binding.name))
    }
    try Self.run(members, first.interruption, program)
    try program.end(summary: { members.forEach { $0.printSummary() } }) {
      members.lazy.compactMap { member in
        member.error.map { program.fail($0, of: member.name) }
      }.first
    }
  }

  private static func run(
    _ members: [ReadMember], _ interruption: CancellationToken?, _ program: Program
  ) throws {
    let changed = EventCount()
    do throws(SystemError) {
      for member in members {
        try SystemThread.start("read") {
          member.read()
          changed.signal()
        }
      }
    } catch {
      throw program.fail(.system(error))
    }
    while true {
      let ticket = changed.ticket()
      let haveEnded = members.map(\.hasEnded)
      if haveEnded.allSatisfy(\.self) { return }
      if haveEnded.contains(true) { interruption?.raise() }
      changed.wait(ticket, untilNanoseconds: nil)
    }
  }
}
