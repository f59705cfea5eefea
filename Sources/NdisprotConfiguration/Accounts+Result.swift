internal import Glibc
internal import Platform

extension Accounts {
  /// A line of a group may have every user of a company.
  private static let maximumByteCount = 16 << 20

  /// What the system says of an account, with buffers as large as it needs.
  static func result(_ name: AccountName) -> AccountResult {
    switch name {
    case .user(let user): userResult(user)
    case .group(let group): groupResult(group)
    }
  }

  private static func userResult(_ name: String) -> AccountResult {
    var entry = unsafe passwd()
    return unsafe growing { buffer, byteCount, result in
      unsafe getpwnam_r(name, &entry, buffer, byteCount, &result)
    } found: {
      unsafe .found(entry.pw_uid)
    }
  }

  private static func groupResult(_ name: String) -> AccountResult {
    var entry = unsafe group()
    let number = UInt32(name)
    let result = unsafe growing { buffer, byteCount, result in
      if let number {
        unsafe getgrgid_r(number, &entry, buffer, byteCount, &result)
      } else {
        unsafe getgrnam_r(name, &entry, buffer, byteCount, &result)
      }
    } found: {
      let hasMembers = unsafe entry.gr_mem != nil && entry.gr_mem.pointee != nil
      return unsafe hasMembers ? .found(entry.gr_gid) : .foundEmpty(entry.gr_gid)
    }
    // A number need not have a name, and then nothing is known of its members.
    if let number, result == .absent { return .found(number) }
    if case .foundEmpty(let number) = result, isPrimary(number) { return .found(number) }
    return result
  }

  /// Whether a local user has the group as his own; directories are not listed for a warning.
  private static func isPrimary(_ number: UInt32) -> Bool {
    guard let file = unsafe fopen("/etc/passwd", "re") else { return true }
    defer { unsafe fclose(file) }
    while let entry = unsafe fgetpwent(file) {
      if unsafe entry.pointee.pw_gid == number { return true }
    }
    return false
  }

  /// Calls with a larger buffer as long as that is what it lacks.
  private static func growing<Entry>(
    _ call: (UnsafeMutablePointer<CChar>, Int, inout UnsafeMutablePointer<Entry>?) -> Int32,
    found: () -> AccountResult
  ) -> AccountResult {
    var byteCount = 4 << 10
    while true {
      var buffer = [CChar](repeating: 0, count: byteCount)
      var result: UnsafeMutablePointer<Entry>?
      var answer = AccountResult.absent
      let status = unsafe buffer.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return ENOMEM }
        let status = unsafe call(base, buffer.count, &result)
        // The entry points into the buffer.
        if status == 0, unsafe result != nil { answer = found() }
        return status
      }
      switch status {
      case ERANGE where byteCount < maximumByteCount: byteCount *= 4
      case EINTR: continue
      // Some services say so of a name that they do not have.
      case 0, ENOENT, ESRCH, EBADF, EPERM: return answer
      default: return .unknown(SystemError(errno: status, call: "").words)
      }
    }
  }
}
