import Glibc

/// The programs under test, beside the program of the tests in the build folder.
enum Product {
  /// The path of one of them.
  static func path(_ name: String) throws -> String {
    let path = "\(folder)/\(name)"
    guard access(path, X_OK) == 0 else { throw LabError.failed("\(path) is not built") }
    return path
  }

  private static let folder: String = {
    if let named = getenv("NDISPROT_PRODUCTS") { return String(cString: named) }
    var room = [CChar](repeating: 0, count: 4_096)
    let count = readlink("/proc/self/exe", &room, room.count)
    let path = room.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
    let parts = String(decoding: path, as: UTF8.self).split(separator: "/").dropLast()
    return "/" + parts.joined(separator: "/")
  }()
}
