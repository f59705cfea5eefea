internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// Moves frames between an adapter and an open, and keeps their properties in step.
///
/// One thread and one loop: the daemon's socket, the TAP, changes of the adapter, signals. Without
/// a daemon or a binding the adapter has no carrier, and the pump tries to reopen.
/// ```
///   daemon ── records ──► write(tap)          signals ──► program
///   daemon ◄── batch ──── read(tap) …         rtnetlink ──► packet filter
/// ```
/// With eight messages outstanding the TAP is not read: its queue fills, and the program gets
/// ENOBUFS.
///
/// - Thread: the process's first
final class Pump {
  /// The most frames and bytes in one message: more did not help.
  private static let (frameLimit, byteLimit) = (512, 96 << 10)
  /// The most messages taken from the daemon in one turn.
  private static let turnLimit = 8
  /// Bytes of an Ethernet header and two tags.
  private static let headerByteCount = 22
  /// How long the pump waits for the answers to the program's last frames.
  private static let patience: UInt64 = 2_000_000_000

  private let options: AdapterRun.Options
  private let notice: (AdapterNotice) -> Void
  private let loop: EventLoop
  private let tap: any AdapterDevice
  private let mirror: AdapterMirror
  private let link: AdapterLink
  private var program = Program(processID: 0)
  private var session: BindingSession?
  private var sessionRegistration: Registration?
  private var tapRegistration: Registration?
  /// Whether the TAP waits for answers of the daemon, and whether it is gone.
  private var (isTapHeld, isTapGone) = (false, false)
  /// The program and all its descendants have ended.
  private var isEnding = false
  private var wantsAllFrames = false
  /// The length of the longest frame that the program can send now.
  private var frameRoom: Int
  private let granted: OpenReply
  private var tally = AdapterTally()
  private var reported = AdapterTally()
  private var retry = RetryDelay()
  private var retryTimer: LoopTimer?
  private var reportTimer: LoopTimer?
  private var groupTimer: LoopTimer?
  private var groupsLookedAt: UInt64 = 0

  init(
    _ binding: OpenBinding, _ plan: AdapterPlan, _ descriptors: [Int32],
    _ options: AdapterRun.Options, _ notice: @escaping (AdapterNotice) -> Void
  ) throws(AdapterError) {
    guard descriptors.count == (plan.form == .tap ? 5 : 6) else {
      throw .step(.handover, SystemError(errno: EPROTO, call: "recvmsg"))
    }
    self.options = options
    self.notice = notice
    tap =
      plan.form == .tap
      ? TapDevice(owning: descriptors[0])
      : VethDevice(wire: descriptors[0], requests: descriptors[5])
    link = AdapterLink(
      interfaceIndex: plan.interfaceIndex, control: descriptors[1], requests: descriptors[2],
      news: descriptors[3], groups: descriptors[4])
    mirror = AdapterMirror(plan, tap, link)
    granted = binding.granted
    frameRoom = Int(plan.mtu) + Self.headerByteCount
    do throws(SystemError) {
      loop = try EventLoop()
      retryTimer = LoopTimer { [unowned self] in openAgain() }
      groupTimer = LoopTimer { [unowned self] in lookAtGroups() }
      reportTimer = LoopTimer { [unowned self] in reportTally() }
      tapRegistration = try loop.register(
        tap.descriptor, .read, Handler { [unowned self] in takeFromProgram() })
      _ = try loop.register(
        link.newsDescriptor, .read, Handler { [unowned self] in takeNews() })
    } catch {
      throw .step(.loop, error)
    }
    do throws(ClientError) {
      try adopt(binding)
    } catch {
      throw .client(error)
    }
  }

  /// Runs until all processes of the program have ended and its last frames are answered.
  func run(
    _ program: Program, _ signals: SignalDescriptor
  ) throws(AdapterError) -> AdapterRun.Result {
    self.program = program
    do throws(SystemError) {
      _ = try loop.register(
        signals.descriptor, .read, Handler { [unowned self] in takeSignals(signals) })
    } catch {
      throw .step(.loop, error)
    }
    if options.isVerbose, let reportTimer { loop.arm(reportTimer, afterNanoseconds: Self.second) }
    loop.run()
    if let session { tally.written = session.exchange.abandon() }
    countLosses()
    return AdapterRun.Result(end: self.program.end ?? .exited(0), tally: tally)
  }

  private static let second: UInt64 = 1_000_000_000
  /// How often the program's groups are read, when idle and before it sends.
  private static let (groupPeriod, groupAge): (UInt64, UInt64) = (100_000_000, 10_000_000)
  /// More than an adapter holds.
  private static let strandedLimit = 10_000

  private func reportTally() {
    if let session { tally.written = session.exchange.report }
    countLosses()
    if tally != reported {
      notice(.tally(tally))
      reported = tally
    }
    if let reportTimer { loop.arm(reportTimer, afterNanoseconds: Self.second) }
  }

  private func countLosses() {
    let losses = tap.takeLosses()
    if losses > 0 { tally.unread[ENOBUFS, default: 0] += losses }
  }

  // MARK: The program

  private func takeSignals(_ signals: SignalDescriptor) {
    while let signal = signals.next() {
      if signal.number == SIGCHLD { program.reap() } else { program.pass(signal) }
    }
    guard program.isOver, !isEnding else { return }
    isEnding = true
    // Its last frames may still be in the adapter: frames that it was told are sent must leave.
    takeFromProgram()
    let end = LoopTimer { [unowned self] in
      notice(.unanswered)
      loop.stop()
    }
    loop.arm(end, afterNanoseconds: Self.patience)
    stopIfDone()
  }

  private func stopIfDone() {
    guard isEnding else { return }
    guard let session, session.exchange.isAwaitingReplies || isTapHeld else { return loop.stop() }
  }

  // MARK: Frames

  private func takeFromDaemon() {
    guard let session else { return }
    do throws(ClientError) {
      for _ in 0..<Self.turnLimit {
        let outcome = try session.exchange.receive { record in deliver(record) }
        while let event = session.exchange.takeEvent() { follow(event, session) }
        guard outcome != .nothing, self.session === session else { break }
      }
    } catch {
      lose(error)
    }
    if isTapHeld { takeFromProgram() }
    stopIfDone()
  }

  private func deliver(_ record: RecordReader.Record) {
    tally.overrun &+= UInt64(record.header.lostBefore)
    guard !record.header.flags.contains(.truncated) else {
      tally.truncated += 1
      return
    }
    let error = tap.write(record.frame)
    if error == 0 { tally.delivered += 1 } else { tally.undelivered[error, default: 0] += 1 }
  }

  private func takeFromProgram() {
    guard let session, !isTapGone else { return }
    do throws(ClientError) {
      // An answer may be sent to a group that was joined directly before the question.
      if session.needsGroupList, monotonicNanoseconds() - groupsLookedAt > Self.groupAge {
        try hearGroups(session)
        // What arrived with the answer does not make the socket readable again.
        takeFromDaemon()
        guard self.session === session else { return }
      }
      // More than one message per turn only if the daemon keeps up.
      for _ in 0..<4 {
        let isDry = fill(session.exchange)
        guard try session.exchange.submit() else { return holdTap(true, session) }
        if isDry { break }
      }
      holdTap(false, session)
    } catch {
      lose(error)
    }
  }

  /// Appends frames of the program; returns whether none are left.
  private func fill(_ exchange: FrameExchange) -> Bool {
    var isDry = false
    while exchange.appendedCount < Self.frameLimit, exchange.appendedByteCount < Self.byteLimit {
      let isAppended = exchange.append(upTo: frameRoom) { room in
        let count = tap.read(into: &room)
        isDry = count <= 0
        if count < 0 { countUnread(Int32(-count)) }
        return count
      }
      guard isAppended else { return isDry }
    }
    return false
  }

  private func countUnread(_ error: Int32) {
    // EBADFD: the program has deleted the interface, and nothing can ever be read again.
    guard error == EBADFD else {
      tally.unread[error, default: 0] += 1
      return
    }
    dropTap()
  }

  private func dropTap() {
    guard !isTapGone else { return }
    isTapGone = true
    if let tapRegistration { loop.modify(tapRegistration, []) }
    notice(.adapterDeleted)
  }

  /// Leaves the program's frames in the TAP until the daemon has answered.
  private func holdTap(_ isHeld: Bool, _ session: BindingSession) {
    if isHeld, !session.exchange.isAwaitingReplies, let sessionRegistration {
      // No answers are due: the socket itself is full.
      loop.modify(sessionRegistration, [.read, .write])
    }
    guard isHeld != isTapHeld else { return }
    isTapHeld = isHeld
    if !isHeld, let sessionRegistration { loop.modify(sessionRegistration, .read) }
    if let tapRegistration { loop.modify(tapRegistration, isHeld ? [] : .read) }
  }

  // MARK: Changes of the adapter

  private func takeNews() {
    for news in link.takeNews() {
      if news.isGone { return dropTap() }
      if let mtu = news.mtu { frameRoom = Int(mtu) + Self.headerByteCount }
      if let count = news.promiscuity { wantsAllFrames = count > 0 }
    }
    guard let session else { return }
    do throws(ClientError) {
      try hear(session)
    } catch {
      return lose(error)
    }
    // What arrived with the answer does not make the socket readable again.
    takeFromDaemon()
  }

  private func hear(_ session: BindingSession) throws(ClientError) {
    try session.hear(allGroups: options.hearsGroups, promiscuous: wantsAllFrames)
    try hearGroups(session)
    if session.needsGroupList, let groupTimer {
      loop.arm(groupTimer, afterNanoseconds: Self.groupPeriod)
    }
  }

  /// Reads the program's groups, if the daemon does not allow it to receive all.
  private func hearGroups(_ session: BindingSession) throws(ClientError) {
    guard session.needsGroupList else { return }
    try session.hear(groups: link.groups)
    groupsLookedAt = monotonicNanoseconds()
  }

  private func lookAtGroups() {
    guard let session, session.needsGroupList else { return }
    do throws(ClientError) {
      try hearGroups(session)
    } catch {
      return lose(error)
    }
    if let groupTimer { loop.arm(groupTimer, afterNanoseconds: Self.groupPeriod) }
    takeFromDaemon()
  }

  // MARK: The open

  private func adopt(_ binding: OpenBinding) throws(ClientError) {
    let session = try BindingSession(binding, continuing: tally.written, notice)
    try hear(session)
    if let entry = try session.entry() { mirror.show(entry) }
    try session.exchange.start()
    do throws(SystemError) {
      sessionRegistration = try loop.register(
        session.exchange.descriptor, .read, Handler { [unowned self] in takeFromDaemon() })
    } catch {
      throw .system(error)
    }
    self.session = session
    isTapHeld = false
    if let tapRegistration, !isTapGone { loop.modify(tapRegistration, .read) }
    takeFromDaemon()
  }

  private func lose(_ error: ClientError) {
    guard let session else { return }
    if let sessionRegistration { loop.unregister(sessionRegistration) }
    sessionRegistration = nil
    tally.written = session.exchange.abandon()
    self.session = nil
    mirror.showAbsence()
    if let tapRegistration { loop.modify(tapRegistration, []) }
    guard !isEnding else { return loop.stop() }
    notice(.lost(error.status == .cancelled ? .daemonGone : error))
    retry = RetryDelay()
    if let retryTimer { loop.arm(retryTimer, afterNanoseconds: retry.next(isPassing: true)) }
  }

  private func openAgain() {
    do throws(ClientError) {
      let connection = try Connection(path: options.socketPath, timeout: .seconds(1))
      let binding = try connection.open(
        mirror.name, etherTypes: granted.etherTypes, mode: granted.mode, flags: granted.flags,
        queueByteCount: granted.queueByteCount, purpose: AdapterRun.purpose(options.program))
      // Frames from the time in between are not sent later, when they may mean something else.
      if !isTapGone { tally.stranded += tap.discard(limit: Self.strandedLimit) }
      try adopt(binding)
      notice(.resumed)
    } catch {
      if !error.isPassing, retry.isFirstRefusal { notice(.refused(error)) }
      let delay = retry.next(isPassing: error.isPassing)
      if let retryTimer { loop.arm(retryTimer, afterNanoseconds: delay) }
    }
  }

  // MARK: The binding

  private func follow(_ event: EventMessage, _ session: BindingSession) {
    guard let entry = event.binding,
      entry.interfaceIndex == session.binding.granted.interfaceIndex, self.session === session
    else { return }
    if event.kind == .bindingRemoved { return lose(.refused(.adapterRemoved, .read)) }
    mirror.show(entry)
    notice(.followed(event.kind))
  }
}
