internal import Glibc
internal import NdisprotClient
internal import Platform

/// A small file as bytes.
enum FileBytes {
  /// Reads a file, or standard input for `-`.
  ///
  /// - Throws: why it cannot be read; EFBIG for more than `byteLimit` bytes
  static func read(_ path: String, byteLimit: Int) throws(SystemError) -> [UInt8] {
    let isInput = path == "-"
    let descriptor = isInput ? STDIN_FILENO : unsafe open(path.systemString, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(failed: "open") }
    defer { if !isInput { close(descriptor) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw SystemError(failed: "read") }
      guard bytes.count + count <= byteLimit else { throw SystemError(errno: EFBIG, call: "read") }
      guard count > 0 else { return bytes }
      bytes += buffer.prefix(count)
    }
  }
}

extension FileBytes {
  /// Replaces a file atomically; the new file is readable by all users.
  static func replace(_ path: String, with bytes: [UInt8]) throws(SystemError) {
    let draft = "\(path).\(getpid())".systemString
    let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw SystemError(failed: "open") }
    do throws(SystemError) {
      defer { close(descriptor) }
      try writeAll(bytes, to: descriptor)
      // Independent of the umask.
      guard fchmod(descriptor, 0o644) == 0 else { throw SystemError(failed: "fchmod") }
      guard fsync(descriptor) == 0 else { throw SystemError(failed: "fsync") }
    } catch {
      unsafe unlink(draft)
      throw error
    }
    guard unsafe rename(draft, path.systemString) == 0 else {
      let error = SystemError(failed: "rename")
      unsafe unlink(draft)
      throw error
    }
  }
}
