internal import CLinux
internal import Glibc

/// The users and groups of the system: the files of /etc, or a directory service.
///
/// A group can make an answer large: the buffer grows up to 16 MiB. "Not found" is a value; an
/// error of the file or the service is thrown unchanged.
///
/// - Thread: one that may block on a disk or a directory service
/// - Source: getpwnam_r(3), getgrnam_r(3), getgrouplist(3)
public enum AccountDatabase {
  /// A user.
  public struct User: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The number.
    public let userID: UInt32
    /// The primary group's number.
    public let groupID: UInt32
  }

  /// A user by name; nil if it does not exist.
  public static func user(named name: String) throws(SystemError) -> User? {
    try unsafe found("getpwnam_r") { room, byteCount in
      var entry = unsafe passwd()
      var result: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwnam_r(name, &entry, room, byteCount, &result)
      return unsafe (code, result == nil ? nil : User(entry))
    }
  }

  /// A user by number; nil if it does not exist.
  public static func user(_ userID: UInt32) throws(SystemError) -> User? {
    try unsafe found("getpwuid_r") { room, byteCount in
      var entry = unsafe passwd()
      var result: UnsafeMutablePointer<passwd>?
      let code = unsafe getpwuid_r(userID, &entry, room, byteCount, &result)
      return unsafe (code, result == nil ? nil : User(entry))
    }
  }

  /// The users of /etc/passwd with a number: several names may share one, each with its own groups.
  public static func localUsers(_ userID: UInt32) -> [User] {
    guard let file = unsafe fopen("/etc/passwd", "re") else { return [] }
    defer { unsafe fclose(file) }
    var users: [User] = []
    while let entry = unsafe fgetpwent(file) {
      if unsafe entry.pointee.pw_uid == userID, let user = unsafe User(entry.pointee) {
        users.append(user)
      }
    }
    return users
  }

  /// Identifies one state of a file.
  public struct FileVersion: Hashable, Sendable {
    let device: UInt
    let inode: UInt
    let byteCount: Int
    let seconds: Int
    let nanoseconds: Int
  }

  /// The state of /etc/passwd; nil if it does not exist.
  public static var localVersion: FileVersion? {
    var status = stat()
    guard unsafe stat("/etc/passwd", &status) == 0 else { return nil }
    return FileVersion(
      device: UInt(status.st_dev), inode: UInt(status.st_ino), byteCount: Int(status.st_size),
      seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
  }

  /// The users of /etc/passwd, by number; of several with one number the first.
  public static func localNames() -> [UInt32: String] {
    guard let file = unsafe fopen("/etc/passwd", "re") else { return [:] }
    defer { unsafe fclose(file) }
    var names: [UInt32: String] = [:]
    while let entry = unsafe fgetpwent(file) {
      guard let user = unsafe User(entry.pointee) else { continue }
      if names[user.userID] == nil { names[user.userID] = user.name }
    }
    return names
  }

  /// A group.
  public struct Group: Hashable, Sendable {
    /// The name.
    public let name: String
    /// The number.
    public let groupID: UInt32
    /// Whether it lists users; users with it as primary group are not listed.
    public let hasMembers: Bool
  }

  /// A group by name; nil if it does not exist.
  public static func group(named name: String) throws(SystemError) -> Group? {
    try unsafe found("getgrnam_r") { room, byteCount in
      var entry = unsafe Glibc.group()
      var result: UnsafeMutablePointer<Glibc.group>?
      let code = unsafe getgrnam_r(name, &entry, room, byteCount, &result)
      return unsafe (code, result == nil ? nil : Group(entry))
    }
  }

  /// A group by number; nil if it does not exist.
  public static func group(_ groupID: UInt32) throws(SystemError) -> Group? {
    try unsafe found("getgrgid_r") { room, byteCount in
      var entry = unsafe Glibc.group()
      var result: UnsafeMutablePointer<Glibc.group>?
      let code = unsafe getgrgid_r(groupID, &entry, room, byteCount, &result)
      return unsafe (code, result == nil ? nil : Group(entry))
    }
  }

  /// Whether the group is the primary one of a user of /etc/passwd; directories are not searched.
  public static func isPrimaryGroupOfLocalUser(_ groupID: UInt32) -> Bool {
    guard let file = unsafe fopen("/etc/passwd", "re") else { return true }
    defer { unsafe fclose(file) }
    while let entry = unsafe fgetpwent(file) {
      if unsafe entry.pointee.pw_gid == groupID { return true }
    }
    return false
  }

  /// All groups of a user, the primary one included.
  ///
  /// - Throws: ENOMEM beyond 4 million groups
  public static func groups(of user: User) throws(SystemError) -> [UInt32] {
    var groups = [UInt32](repeating: 0, count: 256)
    while true {
      var count = Int32(groups.count)
      if unsafe getgrouplist(user.name, user.groupID, &groups, &count) >= 0 {
        return Array(groups.prefix(max(0, Int(count))))
      }
      // It returns the number of groups; if the database grows meanwhile, the call is repeated.
      let needed = max(Int(count), 2 * groups.count)
      guard needed <= roomLimit / 4 else { throw SystemError(errno: ENOMEM, call: "getgrouplist") }
      groups = [UInt32](repeating: 0, count: needed)
    }
  }

  /// The supplementary groups of this process.
  public static var ownGroups: [UInt32] {
    var groups = [UInt32](repeating: 0, count: max(1, Int(getgroups(0, nil))))
    let count = unsafe getgroups(Int32(groups.count), &groups)
    return Array(groups.prefix(max(0, Int(count))))
  }

  /// The most bytes of an answer.
  static let roomLimit = 16 << 20

  /// Repeats a call with a growing buffer.
  ///
  /// - Parameters:
  ///   - call: the name of the call in `look`
  ///   - look: returns the error, and the result
  /// - Returns: the result; nil for the errors that mean "not found"
  /// - Throws: every other error; ERANGE beyond 16 MiB
  static func found<Found>(
    _ call: StaticString, _ look: (UnsafeMutablePointer<CChar>, Int) -> (Int32, Found?)
  ) throws(SystemError) -> Found? {
    var byteCount = 4 << 10
    while true {
      var room = [CChar](repeating: 0, count: byteCount)
      let (code, found) = unsafe room.withUnsafeMutableBufferPointer { room in
        guard let base = room.baseAddress else { return (ENOMEM, Found?.none) }
        return unsafe look(base, room.count)
      }
      switch code {
      // According to the manual some services return these for an unknown name.
      case 0, ENOENT, ESRCH, EBADF, EPERM: return found
      case EINTR: continue
      case ERANGE where byteCount < roomLimit: byteCount *= 2
      default: throw SystemError(errno: code, call: call.description)
      }
    }
  }
}

extension AccountDatabase.User {
  fileprivate init?(_ entry: passwd) {
    guard let name = unsafe entry.pw_name else { return nil }
    unsafe self.init(
      name: String(cString: name), userID: entry.pw_uid, groupID: entry.pw_gid)
  }
}

extension AccountDatabase.Group {
  fileprivate init?(_ entry: group) {
    guard let name = unsafe entry.gr_name else { return nil }
    let hasMembers = unsafe entry.gr_mem != nil && entry.gr_mem.pointee != nil
    unsafe self.init(name: String(cString: name), groupID: entry.gr_gid, hasMembers: hasMembers)
  }
}
