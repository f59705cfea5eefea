internal import CaptureFile
internal import NdisprotClient

extension Program {
  /// Reports a capture file that could not be written.
  func fail(uncapturable path: String, _ error: SystemError) -> Failure {
    let file = path == "-" ? "standard output" : path.printable()
    return fail(
      "\(file) cannot be written: \(error.text)",
      "What was written before is whole; make room, or name another place with -w", name: "system")
  }

  /// Reports a capture file that cannot be read, or not to its end.
  func fail(unreadable path: String, _ error: CaptureFileError) -> Failure {
    let file = path == "-" ? "standard input" : path.printable()
    return fail(
      "\(file): \(error.words)",
      error.offset == nil
        ? "Name a file that you may read"
        : "The frames before that were sent; mend it with editcap",
      name: "captureFile")
  }
}
