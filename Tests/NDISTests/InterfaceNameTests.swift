import NDIS
import TestSupport
import Testing

@Suite("InterfaceName: the kernel's bytes are the name")
struct InterfaceNameTests {
  @Test(
    "fault 15: names that a lossy conversion or Unicode makes one are two, and are shown as two",
    arguments: [
      ([0xFF, 0x61], [0xFE, 0x61]),  // neither is UTF-8
      ([0xFF, 0x61], Array(#"\xffa"#.utf8)),  // the second is the escape of the first, written out
      (Array("\u{E9}".utf8), Array("e\u{301}".utf8)),  // é in one scalar, and in two
      ([0x61, 0x1B], [0x61, 0x07]),  // control bytes
      (Array("a\u{202E}".utf8), Array("a\u{2066}".utf8)),  // marks of the writing direction
      (Array("a\u{FFFD}".utf8), [0x61, 0xFF]),
    ] as [([UInt8], [UInt8])])
  func distinct(one: [UInt8], other: [UInt8]) throws {
    let (one, other) = (
      try #require(InterfaceName(bytes: one)), try #require(InterfaceName(bytes: other))
    )
    #expect(one != other)
    #expect(Set([one, other]).count == 2)
    #expect(!one.text.utf8.elementsEqual(other.text.utf8))
    #expect(!one.description.utf8.elementsEqual(other.description.utf8))
  }

  /// A literal would be taken as it is.
  private func named(_ text: String) -> InterfaceName? { InterfaceName(text) }

  @Test("what is shown of any name is that name again", arguments: 0..<50 as Range<UInt64>)
  func roundTrip(seed: UInt64) {
    var random = SplitMix64(state: seed)
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 1...20, using: &random)).map { _ in
        // Backslashes, digits and x often, so that escapes meet texts that look like them.
        Bool.random(using: &random)
          ? Array(#"\xf0ce"#.utf8).randomElement(using: &random) ?? 0
          : UInt8.random(in: .min ... .max, using: &random)
      }
      guard let name = InterfaceName(bytes: bytes) else { continue }
      #expect(name.bytes == bytes)
      #expect(InterfaceName(name.text) == name)
      #expect(InterfaceName(name.description) == name)
      #expect(name.description.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 })
    }
  }

  @Test(
    "UTF-8 is its own text; other bytes, and what a terminal would act on, are escaped for people")
  func texts() {
    #expect(InterfaceName(bytes: Array("löö".utf8))?.text == "löö")
    #expect(named("löö")?.description == "löö")
    #expect(named(#"back\sl"#)?.description == #"back\sl"#)
    #expect(InterfaceName(bytes: [0xFF, 0x61])?.text == #"bytes:\xffa"#)
    #expect(named("esc\u{1B}[31m")?.text == "esc\u{1B}[31m")
    #expect(named("esc\u{1B}[31m")?.description == #"bytes:esc\x1b[31m"#)
    #expect(named(#"bytes:eth0"#) == "eth0")
    #expect("\u{7}a b".printableName == "\u{FFFD}a b")
  }

  @Test(
    "fault 16: a name that no interface can have is none",
    arguments: [
      "", ".", "..", "a/b", "np0:1", "np0:", " np0", "np0\n", "a b", "a\tb", "a\u{0}b", "bytes:",
      #"bytes:\x"#, #"bytes:\xg0"#, #"bytes:\x00"#, #"bytes:a\x2fb"#, #"bytes:\x2e"#, "bytes:a:b",
      String(repeating: "x", count: 128),
    ])
  func impossible(text: String) {
    #expect(InterfaceName(text) == nil)
    #expect(!InterfaceName.isPossible(text))
    #expect(InterfaceName.objection(to: text) != nil)
    #expect(InterfaceName.objection(to: text, isPattern: true) != nil)
  }

  @Test(
    "odd names are names",
    arguments: [
      "@2", "a@", #"bytes:\xffa"#, "0", "-n", "*", "...", "{}", "%d", "löö",
      String(repeating: "x", count: 127),
    ])
  func possible(text: String) {
    #expect(InterfaceName(text)?.text == text)
    #expect(InterfaceName.objection(to: text) == nil)
  }

  @Test(
    "what was copied with more than the name is proposed without",
    arguments: [
      ("np0@np1", "np0"), ("np0:1", "np0"), ("eth0:", "eth0"), (" np0", "np0"), ("np0\n", "np0"),
      ("eth0.5@eth0:", "eth0.5"),
    ])
  func hints(text: String, name: String) {
    #expect(InterfaceName.objection(to: text)?.hasSuffix("Write \(name)") == true)
    #expect(InterfaceName.objection(to: text, isPattern: true)?.hasSuffix("Write \(name)") == true)
  }
}

@Suite("NamePattern")
struct NamePatternTests {
  @Test(
    "a pattern is matched against the kernel's bytes",
    arguments: [
      ("eth*", [0x65, 0x74, 0x68, 0xFF], true),
      // The text of such a name begins with another letter than its bytes.
      ("b*", [0xFF, 0x61], false), ("bytes*", [0xFF], false), ("?a", [0xFF, 0x61], true),
      (#"bytes:\xffa"#, [0xFF, 0x61], true), (#"bytes:\xff*"#, [0xFF, 0x61], true),
      (#"bytes:\xff*"#, [0xFE, 0x61], false),
      // A star that was escaped is a star.
      (#"bytes:\x2a"#, [0x2A], true), (#"bytes:\x2a"#, [0x61], false), ("*", [0x61], true),
      ("\u{E9}", Array("e\u{301}".utf8), false), ("\u{E9}", Array("\u{E9}".utf8), true),
      ("**a**b*", Array("xaxb".utf8), true), ("**a**b*", Array("xbxa".utf8), false),
    ] as [(String, [UInt8], Bool)])
  func bytes(text: String, name: [UInt8], isMatch: Bool) throws {
    let pattern = try #require(NamePattern(text))
    #expect(pattern.matches(try #require(InterfaceName(bytes: name))) == isMatch)
  }

  @Test(
    "fault 16: a pattern of names that no interface can have is none",
    arguments: ["np0:*", "a/*", "* ", "", String(repeating: "?", count: 128), #"bytes:\x"#])
  func impossible(text: String) { #expect(NamePattern(text) == nil) }

  @Test(
    "a pattern that some name can match is one",
    arguments: ["*", "?", ".*", ".?", String(repeating: "*", count: 200), "eth*"])
  func possible(text: String) { #expect(NamePattern(text) != nil) }
}
