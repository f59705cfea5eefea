internal import Glibc

/// Small system files.
enum TextFile {
  /// The first 256 KiB of a file; empty if it cannot be read.
  static func contents(of path: String) -> String {
    let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 16 << 10)
    while bytes.count < 256 << 10 {
      let count = unsafe read(file, &room, room.count)
      guard count > 0 else { break }
      bytes += room[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
