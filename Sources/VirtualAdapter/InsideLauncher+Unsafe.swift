internal import CLinux
internal import Glibc
internal import NdisprotClient
internal import Platform

/// Starts the process inside, on the pump's side.
enum InsideLauncher {
  /// Starts this same program with `InsideProcess.marker` in front of its arguments.
  ///
  /// It inherits everything that the caller has opened for it, its directory, environment and
  /// process group, and the signal mask from before the pump blocked any.
  static func start(
    _ plan: AdapterPlan, _ program: [String], channel: Int32, _ signals: SignalDescriptor
  ) throws(AdapterError) -> pid_t {
    let words =
      ["ndisprotctl", InsideProcess.marker, "\(channel)"] + plan.words + ["--"] + program
    return try spawn("/proc/self/exe", words, keeping: channel, mask: signals.formerMask)
  }

  /// Runs a program to its end; returns its status, or 128 plus the number of the signal that ended
  /// it.
  static func status(of path: String, _ words: [String]) throws(AdapterError) -> Int32 {
    let child = try spawn(path, words, keeping: nil, mask: nil)
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { throw .step(.spawn, SystemError(failed: "waitpid")) }
    }
    // WIFSIGNALED, WEXITSTATUS.
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
  }

  private static func spawn(
    _ path: String, _ words: [String], keeping descriptor: Int32?, mask: sigset_t?
  ) throws(AdapterError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    // Duplicated to the same number: it is no longer closed by exec.
    if let descriptor {
      unsafe posix_spawn_file_actions_adddup2(&actions, descriptor, descriptor)
    }
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    if var mask {
      unsafe posix_spawnattr_setsigmask(&attributes, &mask)
      unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    }
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe words.map {
      unsafe strdup($0.systemString)
    }
    unsafe arguments.append(nil)
    defer { unsafe arguments.forEach { unsafe free($0) } }
    var child: pid_t = 0
    let error = unsafe posix_spawnp(&child, path, &actions, &attributes, arguments, environ)
    guard error == 0 else {
      throw .step(.spawn, SystemError(errno: error, call: "posix_spawn"))
    }
    return child
  }
}
