internal import Glibc
internal import Platform

/// Which file a name leads to.
public struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let number: UInt64

  /// Looks, without following a symbolic link; nil if there is no such name.
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

/// The right to change what a name of a control socket leads to: a locked file beside it.
///
/// Between finding a socket stale and replacing it, and between finding it one's own and removing it,
/// no other daemon may do either. The file is there only as long as the lock is.
///
/// - Source: flock(2)
struct NameLock {
  private static let patienceMilliseconds = 5_000
  private let path: String
  private let descriptor: Int32

  /// Waits until it has the lock; another daemon holds it for moments only.
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
      // Its last holder may have removed it before the lock was ours.
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

  /// Lets others have it.
  func release() {
    unsafe unlink(path)
    close(descriptor)
  }
}
