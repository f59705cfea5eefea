internal import FoundationEssentials
internal import Glibc

/// Small files, as text: those of /proc, and the bench's own.
enum TextFile {
  /// The whole of a file; nil if it cannot be read.
  static func read(_ path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return String(decoding: data, as: UTF8.self)
  }

  /// Replaces a file.
  static func write(_ text: String, to path: String) throws(BenchError) {
    let isWritten = FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
    if !isWritten { throw .missing("cannot write \(path)") }
  }

  /// The first number behind a word, as `/proc` has it: `VmRSS:     1234 kB`.
  static func number(after word: String, in path: String) -> Double? {
    let lines = read(path)?.split(separator: "\n") ?? []
    guard let line = lines.first(where: { $0.hasPrefix(word) }) else { return nil }
    return line.dropFirst(word.count).split(whereSeparator: \.isWhitespace).lazy.compactMap {
      Double($0)
    }.first
  }
}
