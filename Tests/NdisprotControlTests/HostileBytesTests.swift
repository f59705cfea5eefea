import NDIS
import NdisprotControl
import Testing

/// What nobody's client sends: nothing here may trap, and what is accepted is canonical.
@Suite("hostile bytes")
struct HostileBytesTests {
  @Test("a payload cut anywhere is an error", arguments: PayloadCase.all)
  func truncated(_ payload: PayloadCase) {
    for byteCount in 0..<payload.bytes.count {
      let cut = Array(payload.bytes.prefix(byteCount))
      if payload.name == "OID request", byteCount >= 8 { continue }  // A shorter value.
      // Behind the description there is only its NUL, which no length counts.
      if payload.name == "query binding", byteCount >= payload.bytes.count - 2 { continue }
      #expect(throws: DecodeError.self, "\(payload.name) of \(byteCount) bytes") {
        try payload.recode(cut.span.bytes, payload.count)
      }
    }
  }

  @Test("a byte too many is an error", arguments: PayloadCase.all.filter { !$0.isOpenEnded })
  func trailing(_ payload: PayloadCase) {
    #expect(throws: DecodeError.trailingBytes) {
      let longer = payload.bytes + [0]
      return try payload.recode(longer.span.bytes, payload.count)
    }
  }

  @Test("a count that lies is an error", arguments: [UInt32(0), 2, 0x8000_0000, 0xFFFF_FFFF])
  func lyingCount(_ count: UInt32) {
    for payload in PayloadCase.all where payload.count > 0 {
      #expect(throws: DecodeError.self, "\(payload.name)") {
        try payload.recode(payload.bytes.span.bytes, count)
      }
    }
  }

  @Test(
    "any 32 bits anywhere never trap, and what is accepted encodes to the same value",
    arguments: PayloadCase.all,
    [
      UInt32(0), 1, 4, 15, 16, 17, 63, 64, 0xFFFE, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000,
      0xFFFF_FFF8, 0xFFFF_FFFF,
    ])
  func anyField(_ payload: PayloadCase, _ value: UInt32) throws {
    for offset in payload.bytes.indices {
      let bytes = payload.bytes.replacing(at: offset, value)
      let short = payload.bytes.replacing(at: offset, UInt16(truncatingIfNeeded: value))
      for hostile in [bytes, short] {
        guard let once = try? payload.recode(hostile.span.bytes, payload.count) else { continue }
        let twice = try payload.recode(once.span.bytes, payload.count)
        #expect(twice == once, "\(payload.name), \(value) at \(offset)")
      }
    }
  }

  /// One field of a message at a value of its limits.
  struct Limit: Sendable, CustomTestStringConvertible {
    let name: String
    let payload: [UInt8]
    let offset: Int
    let isShort: Bool
    let value: UInt32
    let error: DecodeError?
    var testDescription: String { "\(name) = \(value)" }

    static func of(
      _ name: String, _ payload: [UInt8], at offset: Int, short: Bool = false,
      _ cases: [(UInt32, DecodeError?)]
    ) -> [Limit] {
      cases.map {
        Limit(
          name: name, payload: payload, offset: offset, isShort: short, value: $0, error: $1)
      }
    }
  }

  static let openLimits: [Limit] = [
    Limit.of(
      "mode", Golden.openRequest, at: 0,
      [(0, nil), (1, nil), (2, .invalidValue), (1 << 31, .invalidValue), (.max, .invalidValue)]),
    Limit.of(
      "flags", Golden.openRequest, at: 4,
      [
        (0, nil), (1, nil), (63, nil), (64, .invalidValue), (1 << 31, .invalidValue),
        (.max, .invalidValue),
      ]),
    Limit.of("queueByteCount", Golden.openRequest, at: 8, [(0, nil), (1 << 31, nil), (.max, nil)]),
    Limit.of("waitMilliseconds", Golden.openRequest, at: 12, [(0, nil), (.max, nil)]),
    Limit.of(
      "etherTypeCount", Golden.openRequest, at: 16, short: true,
      [
        (1, .invalidText), (3, .tooShort), (16, .tooShort), (17, .invalidValue),
        (0xFFFF, .invalidValue),
      ]),
    Limit.of(
      "nameLength", Golden.openRequest, at: 18, short: true,
      [
        (0, .invalidText), (1, .trailingBytes), (4, .tooShort), (15, .tooShort),
        (16, .tooShort), (127, .tooShort), (516, .tooShort), (517, .invalidText),
        (0xFFFF, .invalidText),
      ]),
    Limit.of(
      "etherType", Golden.openRequest, at: 20, short: true,
      [(0, nil), (1, .invalidValue), (0x05FF, .invalidValue), (0x0600, nil), (0xFFFE, nil)]),
  ].flatMap(\.self)

  @Test("A-75: the fields of OPEN at their limits", arguments: openLimits)
  func openAtItsLimits(_ limit: Limit) throws {
    let bytes =
      limit.isShort
      ? limit.payload.replacing(at: limit.offset, UInt16(truncatingIfNeeded: limit.value))
      : limit.payload.replacing(at: limit.offset, limit.value)
    if let error = limit.error {
      #expect(throws: error) { try bytes.decoded(OpenRequest.init(decoding:)) }
    } else {
      _ = try bytes.decoded(OpenRequest.init(decoding:))
    }
  }

  @Test(
    "a name that no interface can have is refused",
    arguments: [
      [], Array(repeating: 0x61, count: 128), [0x6E, 0x00], [0xFF], [0xC3], [0xED, 0xA0, 0x80],
      Array("a/b".utf8), Array("np0:1".utf8), Array(" np0".utf8), Array("np0\n".utf8),
      Array(".".utf8), Array("..".utf8), Array(#"bytes:\xf"#.utf8), Array(#"bytes:\x00"#.utf8),
    ] as [[UInt8]])
  func names(_ name: [UInt8]) {
    var open = Array(Golden.openRequest.dropLast(3)) + name
    open = open.replacing(at: 18, UInt16(name.count))
    #expect(throws: DecodeError.invalidText) { try open.decoded(OpenRequest.init(decoding:)) }
    let wait =
      [0, 0, 0, 0, 1, 0, 0, 0, UInt8(name.count), 0] as [UInt8] + name
    #expect(throws: DecodeError.invalidText) { try wait.decoded(WaitRequest.init(decoding:)) }
  }

  @Test("a reserved field that is not zero is refused")
  func reserved() {
    #expect(throws: DecodeError.reservedNotZero) {
      try Golden.helloRequest.replacing(at: 7, UInt8(1)).decoded(HelloRequest.init(decoding:))
    }
    #expect(throws: DecodeError.reservedNotZero) {
      try Golden.enumerateRequest.replacing(at: 4, UInt8(1)).decoded(
        EnumerateRequest.init(decoding:))
    }
    #expect(throws: DecodeError.reservedNotZero) {
      try Golden.statisticsRequest.replacing(at: 13, UInt8(1)).decoded(
        StatisticsRequest.init(decoding:))
    }
    #expect(throws: DecodeError.reservedNotZero) {
      try Golden.waitRequest.replacing(at: 6, UInt8(1)).decoded(WaitRequest.init(decoding:))
    }
  }
}
