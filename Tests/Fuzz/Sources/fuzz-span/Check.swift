internal import FuzzSupport
internal import MDL

/// F1: a range of a chain is the same range of an array, through every way to read it.
///
/// - Shape: `[offset][count][7 lengths][7 lengths][payload]`, one byte for each number
func check(_ input: Input) {
  var input = input
  let (offset, count) = (input.int(), input.int())
  let (wanted, otherWanted) = (input.bytes(7), input.bytes(7))
  let payload = input.remainder()
  withChain(payload, lengths(wanted, sum: payload.count)) { chain in
    withChain(payload, lengths(otherWanted, sum: payload.count)) { other in
      compare(chain, other, payload, offset, count)
    }
  }
}

private func withChain(_ payload: [UInt8], _ cuts: [Int], _ body: (MDLChain) -> Void) {
  do throws(MDLError) {
    var builder = MDLChainBuilder<8>()
    var position = 0
    for length in cuts {
      try builder.append(payload.span.bytes.extracting(position..<position + length))
      position += length
    }
    body(builder.chain)
  } catch { preconditionFailure("eight segments fit: \(error)") }
}

private func compare(
  _ chain: MDLChain, _ other: MDLChain, _ payload: [UInt8], _ offset: Int, _ count: Int
) {
  let (end, overflow) = offset.addingReportingOverflow(count)
  let isInside = offset >= 0 && count >= 0 && !overflow && end <= payload.count
  do throws(MDLError) {
    let span = try chain.span(from: offset, byteCount: count)
    require(isInside, "a range outside the chain was accepted")
    let want = Array(payload[offset..<end])
    read(span, want)
    let twin = try other.span(from: offset, byteCount: count)
    require(span.bytesEqual(twin), "the cut changes equality")
    require(span.firstMismatch(twin) == nil, "the cut makes a mismatch")
    let position = try chain.offset(atByte: offset)
    require(
      try chain.span(at: position, byteCount: count).bytesEqual(span), "the offset moved")
    require(try chain.normalized(position) == position, "a normal offset is not normal")
  } catch {
    require(!isInside && error == .outOfBounds, "a range inside the chain was refused")
  }
}

private func read(_ span: MDLSpan, _ want: [UInt8]) {
  var content: [UInt8] = []
  span.forEachRegion { region in
    require(!region.isEmpty, "an empty region")
    region.withUnsafeBytes { content.append(contentsOf: $0) }
  }
  require(content == want, "the regions are not the bytes")
  require(span.bytesEqual(MDLSpan(want.span.bytes)), "the bytes are not equal")
  var prefix = InlineArray<22, UInt8>(repeating: 0)
  let count = span.copyPrefix(into: &prefix)
  require(count == min(22, want.count), "the prefix has another length")
  require((0..<count).allSatisfy { prefix[$0] == want[$0] }, "the prefix differs")
  let header = span.ethernetHeader
  let isTagged = want.count >= 14 && [[0x81, 0x00], [0x88, 0xA8]].contains(Array(want[12..<14]))
  require(
    header?.byteCount == (isTagged ? (want.count >= 18 ? 18 : nil) : want.count >= 14 ? 14 : nil),
    "the header has another length")
  if let bytes = span.contiguousBytes {
    require(bytes.byteCount == want.count, "the contiguous bytes are others")
  } else {
    require(span.regionCount > 1, "one region is not contiguous")
  }
}
