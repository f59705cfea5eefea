internal import CLinux
internal import Glibc

// Where and with what priority the calling thread runs; threads that it starts inherit neither.

extension SystemThread {
  /// Priorities of SCHED_FIFO.
  public static let fifoPriorities: ClosedRange<Int> = 1...99
  /// Numbers that a processor may have.
  public static let processorNumbers: ClosedRange<Int> = 0...(Int(CLINUX_PROCESSORS) - 1)

  /// Gives the calling thread a priority above all usual threads.
  ///
  /// - Parameter fifoPriority: one of `fifoPriorities`
  /// - Throws: EPERM beyond RLIMIT_RTPRIO without CAP_SYS_NICE, and where the service forbids it
  /// - Source: sched(7), SCHED_FIFO and SCHED_RESET_ON_FORK
  public static func run(fifoPriority: Int) throws(SystemError) {
    guard clinux_set_fifo(Int32(clamping: fifoPriority)) == 0 else {
      throw SystemError(failed: "sched_setscheduler")
    }
  }

  /// Keeps the calling thread on some processors.
  ///
  /// - Parameter processors: numbers within `processorNumbers`
  /// - Returns: those of them on which the thread may not run: they are not there, or not the
  ///   process's
  /// - Throws: EINVAL if it may run on none of them; EPERM where the service forbids it
  /// - Source: sched_setaffinity(2)
  public static func stay(on processors: [UInt16]) throws(SystemError) -> [UInt16] {
    let status = unsafe processors.withUnsafeBufferPointer {
      unsafe clinux_set_processors($0.baseAddress, $0.count)
    }
    guard status == 0 else { throw SystemError(failed: "sched_setaffinity") }
    return processors.filter { !mayRun(on: Int($0)) }
  }

  /// Whether the calling thread may run on a processor.
  public static func mayRun(on processor: Int) -> Bool {
    processorNumbers.contains(processor) && clinux_may_run_on(UInt32(processor)) == 1
  }

  /// How many processors the calling thread may run on.
  public static var usableProcessorCount: Int { max(1, Int(clinux_processor_count())) }
  /// How many processors the machine has.
  public static var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
