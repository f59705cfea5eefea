import Glibc

/// A program that a test runs, such as `ip`.
public enum Command {
  /// Why a command was of no use.
  public struct Failure: Error {
    /// The command line.
    public let line: String
    /// What `waitpid` said, or the errno of `posix_spawnp` if it is negative.
    public let status: Int32
  }

  /// Runs a command line, split at its spaces, and waits for it.
  ///
  /// - Throws: `Failure` unless it exits with 0
  public static func run(_ line: String) throws {
    let words = line.split(separator: " ").map(String.init)
    guard let program = words.first else { throw Failure(line: line, status: -ENOENT) }
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    defer { for argument in arguments { free(argument) } }
    arguments.append(nil)
    var process = pid_t()
    let result = posix_spawnp(&process, program, nil, nil, arguments, environ)
    guard result == 0 else { throw Failure(line: line, status: -result) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    guard status == 0 else { throw Failure(line: line, status: status) }
  }
}
