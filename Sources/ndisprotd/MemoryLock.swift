internal import Glibc
internal import Logging
internal import NdisprotServer
internal import Platform
internal import Synchronization

/// Keeps text, rings and queues in memory: from the start, or from a reload that asks for it.
///
/// - Thread: that of the start, then that of reloads; `isHeld` any
final class MemoryLock: Sendable {
  private let held = Atomic(false)

  /// Whether the daemon's memory is locked.
  var isHeld: Bool { held.load(ordering: .relaxed) }

  /// Locks the present memory, and the rest on first use.
  ///
  /// - Returns: the capabilities to keep so that later memory can be locked too, beyond the limit
  /// - Throws: mlockall(2) refused
  func lock() throws(SystemError) -> Capabilities {
    // Without CAP_SYS_RESOURCE the limit stays as the service manager set it.
    var limit = rlimit(rlim_cur: .max, rlim_max: .max)
    let isUnlimited =
      unsafe setrlimit(Int32(__RLIMIT_MEMLOCK.rawValue), &limit) == 0
      || (unsafe getrlimit(Int32(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 && limit.rlim_cur == .max)
    guard isUnlimited || Capabilities.effective.contains(.lockMemory) else {
      throw SystemError(errno: ENOMEM, call: "mlockall")
    }
    guard mlockall(MCL_CURRENT) == 0, mlockall(MCL_FUTURE | Int32(MCL_ONFAULT)) == 0 else {
      throw SystemError(failed: "mlockall")
    }
    held.store(true, ordering: .relaxed)
    return isUnlimited ? [] : .lockMemory
  }

  /// Applies a reloaded configuration.
  func follow(_ isWanted: Bool, _ logger: Logger) {
    guard isWanted != isHeld else { return }
    guard isWanted else {
      held.store(false, ordering: .relaxed)
      _ = munlockall()
      return
    }
    do throws(SystemError) {
      // Which capabilities are kept was decided at the start.
      _ = try lock()
    } catch {
      logger.warning("\(ErrorMessages.cannotLock(error))")
    }
  }
}
