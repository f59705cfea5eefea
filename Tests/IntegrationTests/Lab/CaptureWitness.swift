import Glibc

/// What Debian's own programs say of a capture file: they share no code with ours.
struct CaptureWitness {
  private let lab: Lab
  let path: String

  init(_ lab: Lab, _ path: String) {
    self.lab = lab
    self.path = path
  }

  /// The frames as tcpdump reads them, each as hex.
  func frames() throws -> [String] {
    let outcome = try run(["tcpdump", "-r", path, "-Z", "root", "-n", "-t", "-xx"])
    var frames: [String] = []
    for line in outcome.output.split(separator: "\n") {
      guard line.hasPrefix("\t0x"), let colon = line.firstIndex(of: ":") else {
        frames.append("")
        continue
      }
      guard !frames.isEmpty else { continue }
      frames[frames.count - 1] += line[line.index(after: colon)...].filter { $0 != " " }
    }
    return frames
  }

  /// Fields of every frame as tshark reads them, with commas between.
  func fields(_ names: String...) throws -> [String] {
    let outcome = try run(
      ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=,"]
        + names.flatMap { ["-e", $0] })
    return outcome.output.split(separator: "\n").map(String.init)
  }

  /// How many frames capinfos counts.
  ///
  /// - Throws: when capinfos finds something wrong with the file
  func count() throws -> Int {
    let outcome = try run(["capinfos", "-M", "-T", "-r", "-c", path])
    guard outcome.exitCode == 0,
      let count = outcome.output.split(whereSeparator: \.isWhitespace).last
    else { throw LabError.failed("capinfos \(path): \(outcome.output) \(outcome.errors)") }
    return Int(count) ?? -1
  }

  /// All that capinfos says.
  func description() throws -> String { try run(["capinfos", "-M", path]).output }

  private func run(_ words: [String]) throws -> ChildProcess.Outcome {
    // Wireshark's programs want a folder for their settings.
    try ChildProcess.run(
      ["env", "HOME=\(lab.directory)", "LC_ALL=C"] + words, errorPath: lab.filePath("witness"))
  }
}
