internal import Glibc

/// The system calls behind `ChildProcess`: the only pointers of the bench.
extension ChildProcess {
  static func spawn(
    _ arguments: [String], errorPath: String
  ) throws(BenchError) -> (processID: pid_t, output: Int32) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else {
      throw .cannotStart(program: "pipe", errno: errno)
    }
    // Later children must not hold this one's output open.
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[1]) }

    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    unsafe posix_spawn_file_actions_addopen(
      &actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)

    var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { unsafe free($0) } }
    var processID: pid_t = 0
    let status = unsafe posix_spawnp(
      &processID, arguments.first ?? "", &actions, nil, &words, environ)
    guard status == 0 else {
      close(ends[0])
      throw .cannotStart(program: arguments.first ?? "", errno: status)
    }
    return (processID, ends[0])
  }

  /// The bytes that are there by the deadline; empty at the end of the output, nil in time's name.
  static func read(_ descriptor: Int32, until deadline: Double) -> [UInt8]? {
    while true {
      let milliseconds = Int32(max(0, min(60_000, (deadline - MonotonicTime.now) * 1_000)))
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let count = unsafe poll(&entry, 1, milliseconds)
      if count == 0 { return nil }
      if count < 0 && errno != EINTR { return [] }
      if count < 0 { continue }
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, used in
        used = unsafe max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
      }
      return bytes
    }
  }

  static func waitForEnd(of processID: pid_t, blocking: Bool) throws(BenchError) -> Ending? {
    var status: Int32 = 0
    var usage = rusage()
    while true {
      let found = unsafe wait4(processID, &status, blocking ? 0 : WNOHANG, &usage)
      if found == processID { break }
      if found == 0 { return nil }
      if errno != EINTR { throw .cannotStart(program: "wait4", errno: errno) }
    }
    let signal = status & 0x7f
    return Ending(
      exitCode: signal == 0 ? (status >> 8) & 0xff : 128 + signal,
      cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))
  }

  static func cpuSeconds(of processID: pid_t) -> Double {
    var clock = clockid_t()
    var time = timespec()
    guard unsafe clock_getcpuclockid(processID, &clock) == 0,
      unsafe clock_gettime(clock, &time) == 0
    else { return 0 }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) * 1e-6
  }
}

/// Seconds on the clock that nobody sets.
enum MonotonicTime {
  static var now: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
