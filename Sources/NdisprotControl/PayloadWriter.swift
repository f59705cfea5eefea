internal import MDL
internal import NDIS

// Payloads are written by appending to an array, field by field.

extension [UInt8] {
  mutating func append(zeros count: Int) {
    append(contentsOf: repeatElement(0, count: count))
  }

  mutating func append(_ address: MACAddress) {
    for index in address.octets.indices { append(address.octets[index]) }
  }

  /// Appends zeros up to a multiple of 8 bytes after `start`.
  mutating func pad(from start: Int) { append(zeros: -(count - start) & 7) }

  /// Appends a text with its length in front, with zeros up to a multiple of 8 bytes.
  mutating func append(counted text: String) {
    let utf8 = text.utf8Prefix(ObjectEntry.maximumTextByteCount)
    append(littleEndian: UInt32(clamping: utf8.count))
    append(contentsOf: utf8)
    append(zeros: -(4 + utf8.count) & 7)
  }

  /// Appends at most `limit` bytes of a text, cut at a character boundary; returns the count.
  mutating func append(_ text: String, limit: Int) {
    append(contentsOf: text.utf8Prefix(limit))
  }
}

extension Sequence {
  /// The first elements whose encodings together have at most `byteLimit` bytes, and whether more
  /// elements follow.
  func fitting(_ byteLimit: Int, _ encodedByteCount: (Element) -> Int) -> (
    elements: [Element], hasMore: Bool
  ) {
    var elements: [Element] = []
    var byteCount = 0
    for element in self {
      byteCount += encodedByteCount(element)
      guard byteCount <= byteLimit else { return (elements, true) }
      elements.append(element)
    }
    return (elements, false)
  }
}

extension String {
  /// At most `limit` bytes, cut at a character boundary.
  func utf8Prefix(_ limit: Int) -> Substring.UTF8View {
    var end = utf8.index(startIndex, offsetBy: limit, limitedBy: endIndex) ?? endIndex
    while end > startIndex, !UTF8.isFirstUnit(of: self, at: end) { end = utf8.index(before: end) }
    return self[..<end].utf8
  }
}

extension UTF8 {
  fileprivate static func isFirstUnit(of text: String, at index: String.Index) -> Bool {
    index == text.endIndex || !isContinuation(text.utf8[index])
  }
}
