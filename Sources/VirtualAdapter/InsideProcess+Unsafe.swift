internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// The process that creates the namespace and the adapter, and then becomes the program.
///
/// It is a new process: unshare(2) refuses a user namespace to a process with more than one thread.
/// ```
///   namespaces ─► users ─► adapter ─► descriptors to the pump ─► /sys ─► wait ─► capabilities ─► exec
/// ```
/// - Thread: main, before any other is created
/// - Source: user_namespaces(7), capabilities(7)
public enum InsideProcess {
  /// The pump puts this in front of the arguments; it is no subcommand of the command line.
  public static let marker = "run-inside"

  /// Whether this process was started as one.
  public static func isMeant(by arguments: [String]) -> Bool { arguments.first == marker }

  /// Makes the process only test whether it gets its namespaces.
  static let probe = "probe"

  /// Becomes the program.
  ///
  /// - Parameter arguments: `run-inside CHANNEL PLAN… -- PROGRAM ARGUMENT…`
  /// - Returns: why it did not
  public static func run(_ arguments: [String]) -> AdapterError {
    if arguments.dropFirst() == [probe] { exit(statusOfProbe()) }
    let words = arguments.dropFirst().prefix { $0 != "--" }
    let program = Array(arguments.dropFirst(words.count + 2))
    guard let channel = words.first.flatMap({ Int32($0) }), !program.isEmpty,
      let plan = AdapterPlan(words: words.dropFirst())
    else { return .step(.handover, SystemError(errno: EINVAL, call: marker)) }
    _ = fcntl(channel, F_SETFD, FD_CLOEXEC)
    do throws(AdapterError) {
      try enterNamespaces(
        identity: plan.identity,
        kinds: namespaceKinds | (plan.hasSysfs ? CLINUX_NEW_MOUNTS.rawValue : 0),
        channel: channel)
      try makeAdapter(plan, channel)
      if plan.hasSysfs { try check(clinux_mount_sysfs(), .sysfs, "mount") }
      try Handover.receiveByte(from: channel)
      try takeCapabilities(plan)
      return .program(program[0], execute(program))
    } catch {
      return error
    }
  }

  private static func check(
    _ result: Int32, _ step: AdapterError.Step, _ call: StaticString
  ) throws(AdapterError) {
    guard result == 0 else { throw .step(step, SystemError(failed: call)) }
  }

  // MARK: The probe

  /// The status contains the step that failed and its errno; each of these errors fits seven bits.
  private static func statusOfProbe() -> Int32 {
    do throws(AdapterError) {
      try enterNamespaces(identity: .own, kinds: namespaceKinds, channel: -1)
      return 0
    } catch .step(let step, let error) {
      return error.errno & 0x7F | (step == .namespaces ? 0 : 0x80)
    } catch {
      return EINVAL
    }
  }

  /// The error for the status of a probe.
  static func obstacle(ofStatus status: Int32) -> AdapterError? {
    guard status != 0 else { return nil }
    let isIdentity = status & 0x80 != 0
    return .step(
      isIdentity ? .identity : .namespaces,
      SystemError(errno: status & 0x7F, call: isIdentity ? "/proc/self/uid_map" : "unshare"))
  }

  // MARK: The namespaces

  private static var namespaceKinds: UInt32 {
    CLINUX_NEW_USER.rawValue | CLINUX_NEW_NETWORK.rawValue
  }

  private static func enterNamespaces(
    identity: AdapterPlan.Identity, kinds: UInt32, channel: Int32
  ) throws(AdapterError) {
    let (user, group) = (geteuid(), getegid())
    try check(clinux_unshare(Int32(kinds)), .namespaces, "unshare")
    switch identity {
    case .mapped:
      // newuidmap(1) works from outside.
      try Handover.send(Handover.wantsUsers, to: channel)
      try Handover.receiveByte(from: channel)
    case .own, .root:
      let isRoot = identity == .root
      try write("\(isRoot ? 0 : user) \(user) 1", to: "/proc/self/uid_map", .identity)
      // Without this a group map is refused: a group may reduce rights.
      try write("deny", to: "/proc/self/setgroups", .identity)
      try write("\(isRoot ? 0 : group) \(group) 1", to: "/proc/self/gid_map", .identity)
    }
  }

  private static func write(
    _ text: String, to path: String, _ step: AdapterError.Step
  ) throws(AdapterError) {
    let descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .step(step, SystemError(failed: "open")) }
    defer { close(descriptor) }
    guard unsafe Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
      throw .step(step, SystemError(errno: errno, call: path))
    }
  }

  // MARK: The adapter

  private static func makeAdapter(
    _ plan: AdapterPlan, _ channel: Int32
  ) throws(AdapterError) {
    try quieten(plan)
    switch plan.form {
    case .tap:
      let adapter = try TapAdapter(plan)
      try Handover.send(adapter.descriptors, to: channel)
    case .veth:
      let adapter = try VethAdapter(plan) { () throws(AdapterError) in try quieten(plan) }
      try Handover.send(adapter.descriptors, to: channel)
    }
  }

  /// Keeps the kernel from sending frames of its own.
  private static func quieten(_ plan: AdapterPlan) throws(AdapterError) {
    guard !plan.hasIPv6 else { return }
    for name in ["default", "all"] {
      let path = "/proc/sys/net/ipv6/conf/\(name)/disable_ipv6"
      // A kernel without IPv6 has nothing to switch off.
      guard unsafe access(path, F_OK) == 0 else { continue }
      try write("1", to: path, .interface)
    }
  }

  // MARK: The program

  /// CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW; capabilities(7).
  private static let capabilities: UInt64 = 1 << 10 | 1 << 12 | 1 << 13

  private static func takeCapabilities(_ plan: AdapterPlan) throws(AdapterError) {
    // Root has all of them in its namespace. If it had fewer, exec(2) would give it the others, and
    // that resets the signal below.
    if plan.identity == .own, geteuid() != 0 {
      try check(clinux_make_ambient(capabilities), .capabilities, "capset")
    }
    // Without the pump the program has no interface. Last: a change of capabilities resets it.
    try check(clinux_set_parent_death_signal(SIGTERM), .handover, "prctl")
  }

  /// Runs the program in this process; returns why that failed.
  private static func execute(_ program: [String]) -> SystemError {
    var words: [UnsafeMutablePointer<CChar>?] = unsafe program.map {
      unsafe strdup($0.systemString)
    }
    unsafe words.append(nil)
    guard let name = unsafe words[0] else { return SystemError(errno: ENOMEM, call: "strdup") }
    _ = unsafe execvp(name, words)
    return SystemError(failed: "execvp")
  }
}
