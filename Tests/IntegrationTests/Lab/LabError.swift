/// Why a test could not go on.
enum LabError: Error {
  /// A step of the preparation failed.
  case failed(String)
  /// Something did not happen in time.
  case timedOut(String)
  /// A program ended that should have answered.
  case ended(String)
}
