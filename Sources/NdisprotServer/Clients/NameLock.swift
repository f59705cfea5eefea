internal import Glibc
internal import Platform

/// The identity of the file that a name leads to.
public struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  /// Reads it without following a symbolic link; nil if the name does not exist.
  public init?(_ path: String) {
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

/// The right to change what the name of a control socket leads to: a locked file next to it.
///
/// Between finding a socket stale and replacing it, and between recognizing its own and removing
/// it, no other daemon may do either. The file exists only as long as the lock.
///
/// - Source: flock(2)
struct NameLock {
  private static let patienceMilliseconds = 5_000
  private let path: String
  private let descriptor: Int32

  /// Waits until it has the lock; another daemon holds it only briefly.
  ///
  /// - Throws: `.inUse` when another holds it for five seconds, `.system`
  init(_ socketPath: String) throws(ListenError) {
    path = socketPath + ".lock"
    for _ in 0..<NameLock.patienceMilliseconds / 10 {
      let flags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW
      let descriptor = unsafe open(path, flags, 0o600)
      guard descriptor >= 0 else {
        throw .system(path, SystemError(failed: "open"))
      }
      // Its last holder may have removed the file before the lock was acquired.
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0,
        FileIdentity(path) == FileIdentity(descriptor: descriptor)
      {
        self.descriptor = descriptor
        return
      }
      close(descriptor)
      usleep(10_000)
    }
    throw .inUse(socketPath)
  }

  /// Releases the lock.
  func release() {
    unsafe unlink(path)
    close(descriptor)
  }
}
