internal import CLinux
internal import Glibc
public import NdisprotClient
internal import Platform

/// Runs an unmodified program, without any privilege, on a virtual adapter that looks like a
/// binding.
///
/// The program lives in a user and network namespace of its own. A pump outside, in this process
/// and on the calling thread, moves frames between its adapter and an open of the daemon.
/// ```
///   daemon ⇄ open ⇄ Pump ⇄ TAP ⇄ program
/// ```
/// - Thread: the calling one, which must be the process's first; signals are blocked on it
/// - Source: `VirtualAdapter.docc/VirtualAdapter.md`
public struct AdapterRun {
  /// How to run a program.
  public struct Options: Sendable {
    /// The daemon's socket, for reopening after the daemon was away.
    public var socketPath: String
    /// The program's user.
    public var identity: AdapterPlan.Identity
    /// Whether the program gets a /sys for its namespace.
    public var hasSysfs = false
    /// Whether the kernel itself uses IPv6 on the adapter.
    public var hasIPv6 = false
    /// Whether the program receives every group from the start.
    public var hearsGroups = true
    /// How frames leave the namespace; nil selects the best form that works here.
    public var form: AdapterPlan.Form?
    /// Whether `tally` notices are wanted.
    public var isVerbose = false
    /// The program and its arguments.
    public var program: [String]

    /// Creates options with the usual defaults.
    public init(
      socketPath: String, identity: AdapterPlan.Identity = .own, program: [String]
    ) {
      self.socketPath = socketPath
      self.identity = identity
      self.program = program
    }
  }

  /// The result of a run.
  public struct Result: Sendable {
    /// How the program ended.
    public let end: ProgramEnd
    /// The frame counts.
    public let tally: AdapterTally
  }

  private let options: Options
  private let notice: (AdapterNotice) -> Void

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - options: the program and how to run it
  ///   - notice: called on the calling thread with what happens during the run
  public init(_ options: Options, notice: @escaping (AdapterNotice) -> Void) {
    self.options = options
    self.notice = notice
  }

  /// The stated purpose of an open for a program; the daemon records it without trusting it.
  public static func purpose(_ program: [String]) -> String {
    let name = program.first?.split(separator: "/").last ?? ""
    return "run \(name)"
  }

  /// Runs the program, and returns when it and all its descendants have ended.
  ///
  /// - Parameter binding: the open; its connection belongs to the run from now on
  /// - Returns: how the program ended, and the counts
  /// - Throws: why the program was not started
  public func run(_ binding: OpenBinding) throws(AdapterError) -> Result {
    let plan = try plan(binding)
    let signals = try SignalDescriptor()
    _ = clinux_adopt_orphans()
    let (channel, inner) = try Handover.makeChannel()
    defer { close(channel) }
    let processID = try start(plan, channel: inner, signals)
    let descriptors = try awaitAdapter(processID, channel)
    let pump = try Pump(binding, plan, descriptors, options, notice)
    try Handover.send(Handover.goOn, to: channel)
    return try pump.run(Program(processID: processID), signals)
  }

  private func start(
    _ plan: AdapterPlan, channel: Int32, _ signals: SignalDescriptor
  ) throws(AdapterError) -> pid_t {
    // The process inside has the only other end: if it dies, the channel ends.
    defer { close(channel) }
    return try InsideLauncher.start(plan, options.program, channel: channel, signals)
  }

  /// A TAP where possible: it loses nothing, and costs less.
  private var form: AdapterPlan.Form {
    if let form = options.form { return form }
    guard let obstacle = TapDevice.obstacle else { return .tap }
    notice(.formChosen(obstacle))
    return .veth
  }

  private func plan(_ binding: OpenBinding) throws(AdapterError) -> AdapterPlan {
    guard let name = InterfaceName(binding.name) else {
      throw .step(.interface, SystemError(errno: EINVAL, call: binding.name))
    }
    return AdapterPlan(
      binding.granted, name: name, speed: binding.megabits, form: form,
      identity: options.identity, hasSysfs: options.hasSysfs, hasIPv6: options.hasIPv6)
  }

  /// Waits until the process inside has created the adapter.
  private func awaitAdapter(
    _ processID: pid_t, _ channel: Int32
  ) throws(AdapterError) -> [Int32] {
    while true {
      switch try Handover.receive(from: channel) {
      case .descriptors(let descriptors): return descriptors
      case .byte(Handover.wantsUsers):
        try UserMap(processID: processID).apply()
        try Handover.send(Handover.goOn, to: channel)
      case .byte, .end:
        var program = Program(processID: processID)
        while program.end == nil, !program.isOver {
          program.reap()
          usleep(1_000)
        }
        throw .ended(program.end ?? .exited(125))
      }
    }
  }
}

extension OpenBinding {
  /// The speed of the link in Mbit/s; 0 if the daemon does not know it.
  fileprivate var megabits: UInt32 {
    // OID_GEN_LINK_SPEED: units of 100 bit/s.
    guard let value = try? query(.linkSpeed), value.count == 4 else { return 0 }
    let units = value.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return units / 10_000
  }
}
