internal import CaptureFile
internal import NdisprotClient

extension Program {
  /// Reports a capture file that could not be written.
  func fail(uncapturable path: String, _ error: SystemError) -> Failure {
    let file = path == "-" ? "standard output" : path.printable()
    return fail(
      "\(file) cannot be written: \(error.text)",
      error.call == "open"
        ? "Name with -w a place where you may write"
        : "What was written before is whole; make room, or name another place with -w",
      name: "system")
  }

  /// Reports a capture file that cannot be read, or not to the end.
  func fail(unreadable path: String, _ error: CaptureFileError) -> Failure {
    let file = path == "-" ? "standard input" : path.printable()
    let remedy =
      switch error {
      case .unreadable: "Name a file that you may read"
      case .malformed(_, .notCaptureFile):
        "Name a file of Wireshark or tcpdump; one that is compressed must be unpacked first"
      default: "The frames before that were sent; mend it with editcap"
      }
    return fail("\(file): \(error.words)", remedy, name: "captureFile")
  }
}
