internal import NdisprotClient
internal import Platform

/// The number of a user given by name or number; nil if there is none of this name.
///
/// The daemon takes numbers: what directory service answers for a name is this program's affair.
///
/// - Throws: `.system` if the name cannot be looked up
func userNumber(of text: String) throws(ClientError) -> UInt32? {
  if let number = UInt32(text) { return number }
  do throws(SystemError) {
    return try AccountDatabase.user(named: text)?.userID
  } catch {
    throw .system(error)
  }
}
