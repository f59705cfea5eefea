internal import CLinux
internal import Glibc
public import NdisprotClient
internal import Platform

/// Runs an unmodified program on a virtual adapter that looks like a binding, without any right.
///
/// The program lives in a user and network namespace of its own; frames move between its adapter and an
/// open of the daemon through a pump outside, in this process and on the calling thread.
/// ```
///   daemon ⇄ open ⇄ Pump ⇄ TAP ⇄ program
/// ```
/// - Thread: the calling one, which must be the process's first; signals are blocked in it
/// - Source: `VirtualAdapter.docc/VirtualAdapter.md`
public struct AdapterRun {
  /// How a program is run.
  public struct Options: Sendable {
    /// The daemon's socket, to open again after the daemon was away.
    public var socketPath: String
    /// Which user the program is.
    public var identity: AdapterPlan.Identity
    /// Whether the program gets a /sys of its namespace.
    public var hasSysfs = false
    /// Whether the kernel speaks IPv6 on the adapter by itself.
    public var hasIPv6 = false
    /// Whether the program hears every group from the start.
    public var hearsGroups = true
    /// How frames leave the namespace; nil is the best that works here.
    public var form: AdapterPlan.Form?
    /// Whether `tally` notices are wanted.
    public var isVerbose = false
    /// The program and its arguments.
    public var program: [String]

    /// Makes options as they usually are.
    public init(
      socketPath: String, identity: AdapterPlan.Identity = .own, program: [String]
    ) {
      self.socketPath = socketPath
      self.identity = identity
      self.program = program
    }
  }

  /// How a run ended.
  public struct Result: Sendable {
    /// How the program ended.
    public let end: ProgramEnd
    /// What became of the frames.
    public let tally: AdapterTally
  }

  private let options: Options
  private let notice: (AdapterNotice) -> Void

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - options: the program and how to run it
  ///   - notice: is given what happens meanwhile, on the calling thread
  public init(_ options: Options, notice: @escaping (AdapterNotice) -> Void) {
    self.options = options
    self.notice = notice
  }

  /// What an open for a program says that it is for; the daemon writes it down and trusts nothing of it.
  public static func purpose(_ program: [String]) -> String {
    let name = program.first?.split(separator: "/").last ?? ""
    return "run \(name)"
  }

  /// Runs the program, and returns when it and all that it left running have ended.
  ///
  /// - Parameter binding: the open; its connection is the run's from now on
  /// - Returns: how the program ended, and what was counted
  /// - Throws: what kept the program from being started
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
    // The process inside has the only other end: its death is the end of the conversation.
    defer { close(channel) }
    return try InsideLauncher.start(plan, options.program, channel: channel, signals)
  }

  /// A TAP where one can be had: it loses nothing, and costs less.
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

  /// Waits until the process inside has made the adapter.
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
