internal import NdisprotClient
internal import Platform

/// The number of a user given by name or number; nil if the name does not exist.
///
/// The daemon accepts numbers only: querying a directory service for a name is up to this program.
///
/// - Throws: `.system` if the lookup failed
func userNumber(of text: String) throws(ClientError) -> UInt32? {
  if let number = UInt32(digits: text) { return number }
  do throws(SystemError) {
    return try AccountDatabase.user(named: text)?.userID
  } catch {
    throw .system(error)
  }
}
