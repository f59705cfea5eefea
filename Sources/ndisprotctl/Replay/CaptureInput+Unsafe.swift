internal import CaptureFile
internal import Glibc
internal import Platform

/// A capture file that is read sequentially; `-` is standard input.
final class CaptureInput {
  private let descriptor: Int32
  /// The size of the file in bytes; nil for a pipe.
  let byteCount: UInt64?

  init(_ path: String) throws(SystemError) {
    descriptor = path == "-" ? STDIN_FILENO : unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(failed: "open") }
    var status = stat()
    let isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    byteCount = isRegular ? UInt64(clamping: status.st_size) : nil
  }

  deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

  /// A reader from the current position of the file.
  var reader: CaptureReader {
    CaptureReader { [self] wanted throws(SystemError) in
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
