extension MDLSpan {
  /// The Ethernet header, wherever segment boundaries fall; nil for a frame that is too short.
  ///
  /// Reads at most 18 bytes, in place if they lie in one segment. A second tag is returned by
  /// `innerVLANTag`.
  ///
  /// - Complexity: O(segments in the first 18 bytes), no allocation
  /// - Source: ndisprot drops a frame whose header straddles buffers; this does not
  public var ethernetHeader: EthernetHeader? {
    if headCount >= EthernetHeader.taggedByteCount, let base = unsafe head {
      return unsafe EthernetHeader(RawSpan(_unsafeStart: base, byteCount: headCount))
    }
    var bytes = InlineArray<18, UInt8>(repeating: 0)
    let count = copyPrefix(into: &bytes)
    return unsafe EthernetHeader(bytes.span.bytes.extracting(first: count))
  }

  /// The second tag of a frame with two; nil if it has none or is too short.
  ///
  /// - Shape: `[addresses 12][outer 4][tagProtocol 2 BE][control 2 BE][etherType 2 BE]`
  public var innerVLANTag: VLANTag? {
    var bytes = InlineArray<22, UInt8>(repeating: 0)
    guard copyPrefix(into: &bytes) == 22 else { return nil }
    let inner = bigEndian(bytes[16], bytes[17])
    guard TagProtocol.isTakenOff(bigEndian(bytes[12], bytes[13])),
      TagProtocol.isTakenOff(inner)
    else { return nil }
    return VLANTag(
      tagProtocol: inner, control: bigEndian(bytes[18], bytes[19]),
      etherType: bigEndian(bytes[20], bytes[21]))
  }
}

extension EthernetHeader {
  /// The header at the start of `bytes`; nil if there are too few.
  public init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= Self.untaggedByteCount else { return nil }
    func octet(_ index: Int) -> UInt8 {
      unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
    }
    let destination = MACAddress([octet(0), octet(1), octet(2), octet(3), octet(4), octet(5)])
    let source = MACAddress([octet(6), octet(7), octet(8), octet(9), octet(10), octet(11)])
    let type = bigEndian(octet(12), octet(13))
    guard TagProtocol.isTakenOff(type) else {
      self.init(destination: destination, source: source, etherType: type)
      return
    }
    guard bytes.byteCount >= Self.taggedByteCount else { return nil }
    self.init(
      destination: destination, source: source, tagProtocol: type,
      vlanTag: bigEndian(octet(14), octet(15)), etherType: bigEndian(octet(16), octet(17)))
  }
}

private func bigEndian(_ high: UInt8, _ low: UInt8) -> UInt16 {
  UInt16(high) << 8 | UInt16(low)
}
