import NDIS
import NdisprotControl
import Testing

extension RawSpan {
  /// A copy of the bytes.
  var array: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension InlineArray where Element == UInt8 {
  /// A copy of the bytes.
  var array: [UInt8] { indices.map { self[$0] } }
}

extension [UInt8] {
  /// The bytes with `value` in place of those at `offset`.
  func replacing<Value: FixedWidthInteger>(at offset: Int, _ value: Value) -> [UInt8] {
    var bytes = self
    for index in 0..<MemoryLayout<Value>.size where offset + index < count {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
    return bytes
  }
}

/// Repeatable pseudo-random numbers (splitmix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// As `RecordReader.areWellFormed`; `#expect` cannot take a span apart.
func areWellFormed(_ payload: [UInt8], _ recordCount: Int) -> Bool {
  RecordReader.areWellFormed(payload.span.bytes, recordCount: recordCount)
}

extension RecordWriter {
  /// Appends a frame that must fit; `#expect` cannot hold what is not copyable.
  mutating func mustAppend(
    _ frame: [UInt8], _ record: FrameRecord = FrameRecord(length: 0, originalLength: 0),
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let isAppended = append(record, frame.span.bytes)
    #expect(isAppended, sourceLocation: sourceLocation)
  }
}

extension [UInt8] {
  /// Lends the bytes to a decoder.
  func decoded<Value, Failure>(
    _ decode: (RawSpan) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try decode(span.bytes)
  }
}
