internal import Glibc
internal import Platform

/// Which file a name leads to.
struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  /// Looks, without following a symbolic link; nil if there is no such name.
  init?(_ path: String) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }

  fileprivate init?(descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    (device, number) = (UInt64(status.st_dev), UInt64(status.st_ino))
  }
}

/// The right to a name of a control socket: a locked file beside it, held for the daemon's life.
///
/// No other daemon may take the name meanwhile, also if somebody removed it: there would be two daemons,
/// one of them unreachable. The kernel gives the lock back when the daemon dies.
///
/// - Source: flock(2); threat T3
struct NameLock: Sendable {
  private static let patienceMilliseconds = 5_000
  private let path: String
  private let descriptor: Int32

  /// Waits until it has the lock: a daemon that is ending still has it for a moment.
  ///
  /// - Parameters:
  ///   - socketPath: the name
  ///   - isInUse: whether a daemon answers there, which is not waited for
  /// - Throws: `.inUse` when another holds it for five seconds, or answers; `.system`
  init(_ socketPath: String, isInUse: () -> Bool) throws(ListenError) {
    path = socketPath + ".lock"
    for _ in 0..<NameLock.patienceMilliseconds / 10 {
      let flags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW
      let descriptor = unsafe open(path, flags, 0o600)
      guard descriptor >= 0 else {
        throw .system(path, SystemError(failed: "open"))
      }
      // Its last holder may have removed it before the lock was ours.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0,
        FileIdentity(path) == FileIdentity(descriptor: descriptor)
      {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
      if isInUse() { break }
      usleep(10_000)
    }
    throw .inUse(socketPath)
  }

  /// Lets others have it.
  func release() {
    unsafe unlink(path)
    close(descriptor)
  }
}

/// The name of a control socket that this daemon made, and alone may remove.
///
/// - Ownership: dropping it gives the name to others, and leaves it where it is
public final class SocketName: Sendable {
  private let path: String
  private let made: FileIdentity?
  private let lock: LockedValue<NameLock?>

  init(_ path: String, _ lock: NameLock) {
    self.path = path
    made = FileIdentity(path)
    self.lock = LockedValue(lock)
  }

  deinit { lock.withLock { $0.take() }?.release() }

  /// Removes the name, if it still leads to what this daemon made.
  public func remove() {
    guard let lock = lock.withLock({ $0.take() }) else { return }
    defer { lock.release() }
    if FileIdentity(path) == made { unsafe unlink(path) }
  }
}
