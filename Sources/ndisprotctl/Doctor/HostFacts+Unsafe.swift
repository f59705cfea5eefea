internal import Glibc
internal import NDIS
internal import Platform

/// Facts about this machine, for `doctor` and `report`.
enum HostFacts {
  /// The first 64 KiB of a file of /proc or /sys; nil if it cannot be read.
  static func text(of path: String) -> String? {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < 1 << 16 {
      let count = unsafe read(descriptor, &room, room.count)
      guard count > 0 else { break }
      bytes += room[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The kernel's name and release, as `uname -sr` prints them.
  static var system: String {
    let release = text(of: "/proc/sys/kernel/osrelease") ?? ""
    return "Linux " + release.prefix { !$0.isWhitespace }
  }

  /// The type and owner of a file; nil if it does not exist.
  static func status(of path: String) -> stat? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status : nil
  }

  /// The names in a directory; empty if it cannot be read.
  static func names(in directory: String) -> [String] {
    guard let stream = unsafe opendir(directory) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      names.append(
        unsafe withUnsafePointer(to: &entry.pointee.d_name) {
          unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        })
    }
    return names
  }

  /// The target of a symbolic link; nil if it cannot be read.
  static func target(of path: String) -> String? {
    var room = [CChar](repeating: 0, count: 256)
    let count = unsafe readlink(path, &room, room.count)
    let bytes = room.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
    return count > 0 ? String(decoding: bytes, as: UTF8.self) : nil
  }

  /// Whether this process may write to a file, a socket included.
  static func mayWrite(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }

  /// Whether an interface of this name exists; false for names that the kernel would cut at a
  /// colon.
  static func hasInterface(_ name: String) -> Bool { unsafe if_nametoindex(name) != 0 }

  /// The index of an interface of this network namespace; 0 if the name does not exist.
  static func interfaceIndex(_ name: String) -> Int { unsafe Int(if_nametoindex(name)) }

  /// The number in a file of /proc or /sys; nil if it has none.
  static func number(in path: String) -> Int? {
    text(of: path)?.split(separator: "\n").first.flatMap { Int($0) }
  }

  /// The names of all interfaces of this network namespace.
  static var interfaceNames: [String] {
    guard let list = unsafe if_nameindex() else { return [] }
    defer { unsafe if_freenameindex(list) }
    var (names, next) = unsafe ([String](), list)
    while unsafe next.pointee.if_index != 0, let name = unsafe next.pointee.if_name {
      names.append(unsafe String(cString: name))
      unsafe next += 1
    }
    return names
  }

  /// The number of a group; nil if the name does not exist, or the lookup failed.
  static func groupID(_ name: String) -> UInt32? {
    (try? AccountDatabase.group(named: name))?.groupID
  }

  /// The name of a group, or the number.
  static func groupName(_ number: UInt32) -> String {
    (try? AccountDatabase.group(number))?.name.printable() ?? "\(number)"
  }

  /// The name of a user, or the number.
  static func userName(_ number: UInt32) -> String {
    (try? AccountDatabase.user(number))?.name ?? "\(number)"
  }

  /// The kernel's release, as `uname -r`.
  static var kernelRelease: String {
    text(of: "/proc/sys/kernel/osrelease")?.split(separator: "\n").first.map(String.init) ?? ""
  }

  /// The output of a fixed command of this program; nil if it cannot be run.
  static func output(of command: String) -> String? {
    guard let stream = unsafe popen("\(command) 2>/dev/null", "re") else { return nil }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < 4 << 20 {
      let count = unsafe fread(&room, 1, room.count, stream)
      guard count > 0 else { break }
      bytes += room[..<count]
    }
    let status = unsafe pclose(stream)
    return status == 0 ? String(decoding: bytes, as: UTF8.self) : nil
  }
}
