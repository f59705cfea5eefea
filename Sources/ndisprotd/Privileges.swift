internal import CLinux
internal import Glibc
internal import Ndisprot
internal import Platform

/// Capabilities by their numbers.
///
/// - Source: capabilities(7)
struct Capabilities: OptionSet {
  let rawValue: UInt64

  /// CAP_SETGID and CAP_SETUID.
  static let becomingAnother = Capabilities(rawValue: 1 << 6 | 1 << 7)
  static let netAdmin = Capabilities(rawValue: 1 << 12)
  static let netRaw = Capabilities(rawValue: 1 << 13)
  static let lockMemory = Capabilities(rawValue: 1 << 14)
  /// CAP_SYS_NICE.
  static let priority = Capabilities(rawValue: 1 << 23)

  /// The effective capabilities of the thread.
  static var effective: Capabilities { held.effective }

  /// The effective and the permitted capabilities.
  static var held: (effective: Capabilities, permitted: Capabilities) {
    var (effective, permitted): (UInt64, UInt64) = (0, 0)
    guard unsafe clinux_capabilities(&effective, &permitted) == 0 else { return ([], []) }
    return (Capabilities(rawValue: effective), Capabilities(rawValue: permitted))
  }

  /// What the service manager granted on purpose; a shell of root grants none this way.
  static var given: Capabilities {
    let possible: [(Capabilities, Int32)] = [
      (.netAdmin, 12), (.netRaw, 13), (.lockMemory, 14), (.priority, 23),
    ]
    return possible.reduce(into: []) { given, capability in
      if clinux_is_ambient(capability.1) == 1 { given.insert(capability.0) }
    }
  }
}

/// Drops all rights but these, and the user root for another, for the life of the process.
///
/// - Thread: main, before any other is created: capabilities belong to a thread and are inherited
/// - Throws: the call that failed; then the process has rights that it must not have
func keepOnly(_ kept: Capabilities, as account: Credentials?) throws(SystemError) {
  // Needs CAP_SETPCAP; without it nothing outside the set can be gained either (NO_NEW_PRIVS).
  clinux_drop_bounding_capabilities(~kept.rawValue)
  if let account { try become(account) }
  guard clinux_set_no_new_privileges() == 0 else { throw SystemError(failed: "prctl") }
  // The service's seccomp filter forbids capset(2), and then there is nothing to drop.
  guard account != nil || !Capabilities.held.permitted.isSubset(of: kept) else { return }
  guard clinux_keep_capabilities(kept.rawValue) == 0 else {
    throw SystemError(failed: "capset")
  }
}

/// Changes the user; the capabilities stay permitted, and are no longer effective.
private func become(_ account: Credentials) throws(SystemError) {
  guard clinux_keep_capabilities_of_next_user() == 0 else {
    throw SystemError(failed: "prctl")
  }
  guard unsafe setgroups(account.groups.count, account.groups) == 0 else {
    throw SystemError(failed: "setgroups")
  }
  guard clinux_set_group(account.groupID) == 0 else {
    throw SystemError(failed: "setresgid")
  }
  guard clinux_set_user(account.userID) == 0 else {
    throw SystemError(failed: "setresuid")
  }
}

/// The account that root's daemon runs as unless `--user` names another; nil if it does not exist.
///
/// Only the local file is read: a directory service that hangs must not prevent the start. A root
/// that cannot change its user, as in a sandbox, stays root.
func serviceAccount() -> Credentials? {
  guard geteuid() == 0, Capabilities.effective.isSuperset(of: .becomingAnother),
    let file = unsafe fopen("/etc/passwd", "re")
  else { return nil }
  defer { unsafe fclose(file) }
  while let entry = unsafe fgetpwent(file) {
    guard let name = unsafe entry.pointee.pw_name, unsafe strcmp(name, "ndisprot") == 0 else {
      continue
    }
    let (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
    return Credentials(processID: 0, userID: user, groupID: group, groups: [group])
  }
  return nil
}

/// Lets threads take a priority of SCHED_FIFO later, when root's rights are given up.
///
/// If the limit cannot be raised, the thread that needs it logs a warning.
func allowPriority(_ priority: Int) {
  raiseLimit(Int32(__RLIMIT_RTPRIO.rawValue)) { max($0.rlim_cur, rlim_t(priority)) }
}

/// Raises the limit of descriptors as far as possible: a shell's usual limit, which is for
/// select(2), is below the number of sessions that the daemon admits.
///
/// With the old limit the daemon serves fewer clients, and refuses the others with a reason.
func raiseDescriptorLimit() { raiseLimit(Int32(RLIMIT_NOFILE.rawValue)) { $0.rlim_max } }

/// Raises a limit, if the process may.
private func raiseLimit(_ number: Int32, _ wanted: (rlimit) -> rlim_t) {
  var limit = rlimit()
  guard unsafe getrlimit(number, &limit) == 0, limit.rlim_cur < wanted(limit) else { return }
  limit.rlim_cur = wanted(limit)
  limit.rlim_max = max(limit.rlim_max, limit.rlim_cur)
  _ = unsafe setrlimit(number, &limit)
}
