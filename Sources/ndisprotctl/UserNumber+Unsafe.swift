internal import Glibc

/// The number of a user given by name or number; nil if there is none of this name.
///
/// The daemon takes numbers: what directory service answers for a name is this program's affair.
///
/// - Source: getpwnam_r(3)
func userNumber(of text: String) -> UInt32? {
  if let number = UInt32(text) { return number }
  var entry = unsafe passwd()
  var result: UnsafeMutablePointer<passwd>?
  var room = [CChar](repeating: 0, count: 64 << 10)
  guard unsafe getpwnam_r(text, &entry, &room, room.count, &result) == 0, unsafe result != nil
  else { return nil }
  return unsafe entry.pw_uid
}
