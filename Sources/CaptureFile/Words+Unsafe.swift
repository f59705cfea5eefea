extension [UInt8] {
  /// Appends words, little-endian.
  mutating func append<let count: Int>(words: [count of UInt32]) {
    var words = words
    for index in words.indices { words[index] = words[index].littleEndian }
    unsafe append(words.span.bytes)
  }

  /// Appends bytes, all at once.
  mutating func append(_ bytes: RawSpan) {
    unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
  }
}
