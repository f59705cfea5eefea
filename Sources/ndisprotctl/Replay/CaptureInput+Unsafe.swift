internal import CaptureFile
internal import Glibc
internal import NdisprotClient
internal import Platform

/// A capture file that is read sequentially; `-` is standard input.
final class CaptureInput {
  private let descriptor: Int32
  /// The size of the file in bytes; nil for a pipe.
  let byteCount: UInt64?

  init(_ path: String) throws(SystemError) {
    descriptor = path == "-" ? STDIN_FILENO : unsafe open(path.systemString, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(failed: "open") }
    var status = stat()
    let isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    byteCount = isRegular ? UInt64(clamping: status.st_size) : nil
  }

  deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

  /// Waits for more data of a pipe; false if interrupted.
  func wait(_ interruption: CancellationToken?) -> Bool {
    guard let interruption else {
      var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      return unsafe poll(&polled, 1, -1) >= 0
    }
    return interruption.wait(toRead: descriptor)
  }

  /// Whether a read returns at once.
  private var isReady: Bool {
    guard byteCount == nil else { return true }
    var polled = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&polled, 1, 0) != 0
  }

  /// A reader from the current position; for a pipe without data it throws EAGAIN.
  var reader: CaptureReader {
    CaptureReader { [self] wanted throws(SystemError) in
      guard isReady else { throw SystemError(errno: EAGAIN, call: "read") }
      var error: SystemError?
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
        while true {
          let got = unsafe read(descriptor, buffer.baseAddress, wanted)
          if got < 0, errno == EINTR { continue }
          if got < 0 { error = SystemError(failed: "read") }
          count = max(0, got)
          return
        }
      }
      if let error { throw error }
      return bytes
    }
  }
}
