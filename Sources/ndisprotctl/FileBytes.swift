internal import Glibc

/// A small file as bytes.
enum FileBytes {
  /// Reads a file; nil if it cannot be read, or has more than `byteLimit` bytes.
  static func read(_ path: String, byteLimit: Int) -> [UInt8]? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0, bytes.count + count <= byteLimit else { return nil }
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
    }
  }
}
