internal import Glibc
internal import Logging
internal import NdisprotServer
internal import Platform
internal import Synchronization

/// Whether text, rings and queues stay in memory: from the start on, or from the reload that asks for it.
///
/// - Thread: the start's, then the one of reloads; `isHeld` any
final class MemoryLock: Sendable {
  private let held = Atomic(false)

  /// Whether the daemon's memory stays resident.
  var isHeld: Bool { held.load(ordering: .relaxed) }

  /// Locks what is there now, and the rest as it is first used.
  ///
  /// - Returns: what has to be kept so that later memory can be locked too, beyond the limit
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

  /// Does what a reloaded configuration says.
  func follow(_ isWanted: Bool, _ logger: Logger) {
    guard isWanted != isHeld else { return }
    guard isWanted else {
      held.store(false, ordering: .relaxed)
      _ = munlockall()
      return
    }
    do throws(SystemError) {
      // Which rights are kept was decided at the start.
      _ = try lock()
    } catch {
      logger.warning("\(Sentences.cannotLock(error))")
    }
  }
}
