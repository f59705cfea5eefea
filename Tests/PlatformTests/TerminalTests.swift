import Platform
import Testing

@Suite("text for a terminal")
struct TerminalTests {
  @Test(
    "a text is broken at spaces, and its second line stands further in",
    arguments: [
      ("a short line", 20, "a short line"), ("one two three", 12, "one two\n  three"),
      ("  indented words here", 16, "  indented words\n    here"),
      ("averyverylongword", 5, "averyverylongword"), ("a,bb,ccc,d", 5, "a,bb,\nccc,d"),
      ("a\n\nb", 5, "a\n\nb"), ("", 5, ""),
    ])
  func wrapped(_ text: String, _ columns: Int, _ expected: String) {
    #expect(text.wrapped(to: columns, indent: 2) == expected)
  }

  @Test("no line is longer than its columns, unless it is one word", arguments: [10, 20, 60])
  func fits(_ columns: Int) {
    let text = (0..<200).map { String(repeating: "x", count: $0 % 9 + 1) }.joined(separator: " ")
    let lines = text.wrapped(to: columns, indent: 1).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= columns } && lines.count > 10)
    #expect(lines.map { $0.drop { $0 == " " } }.joined(separator: " ") == text)
  }

  @Test(
    "a mistyped word is answered with the one that was meant",
    arguments: [
      ("raed", "read"), ("wirte", "write"), ("binding", "bindings"), ("qery", "query"),
      ("STATS", "stats"), ("statu", "stats"), ("dance", nil), ("", nil), ("x", nil),
      ("bind", "bindings"),
    ] as [(String, String?)])
  func suggestion(_ word: String, _ meant: String?) {
    let words = ["read", "write", "bindings", "query", "stats", "watch"]
    #expect(Suggestion.nearest(to: word, in: words) == meant)
  }

  @Test("a usage error is one line with what to write, and no options that may be left away")
  func usage() {
    let forms = [UsageMessage.Form("<oid>") { "Write an OID, not \($0)" }]
    let full = "Error: x\nUsage: tool query [--socket <path>] [--json] <binding> <oid>\n  See '…'"
    func text(_ cause: String) -> String {
      UsageMessage(cause: cause, full: full, forms: forms).text
    }
    #expect(
      text("The value 'ab' is invalid for '<oid>'")
        == "usage: The value 'ab' is invalid for '<oid>'. Write an OID, not ab")
    #expect(
      text(
        "The value 'z' is invalid for '--sort <key>'. Please provide one of the following:\n  - in\n  - out"
      )
        == "usage: The value 'z' is invalid for '--sort <key>'. Write one of in, out")
    #expect(
      text("Unexpected argument 'x'")
        == "usage: Unexpected argument 'x'. Write: tool query <binding> <oid> [options]; "
        + "see 'tool query --help'")
    #expect(
      text("Unknown option '--jsn'. Did you mean '--json'?")
        == "usage: Unknown option '--jsn'. Did you mean '--json'? See 'tool query --help'")
    #expect(
      text("-n 0 writes nothing. Write 1 or more") == "usage: -n 0 writes nothing. Write 1 or more")
  }

  @Test("the lines of --version name commit, compiler and what the program adds")
  func version() {
    let lines = Build.text(["protocol 1"]).split(separator: "\n")
    #expect(lines.count == 4 && lines[0] == Build.version && lines[3] == "protocol 1")
    #expect(lines[1].hasPrefix("commit ") && lines[1].count > "commit ".count)
    #expect(lines[2].hasPrefix("Swift 6."))
  }
}
