extension MDLSpan {
  /// The Ethernet header, wherever segment boundaries fall; nil for a frame shorter than it.
  ///
  /// Reads at most 18 bytes, from a private copy. A second tag is left to `innerVLANTag`.
  ///
  /// - Complexity: O(segments in the first 18 bytes), no allocation
  /// - Source: ndisprot drops a frame whose header straddles buffers; this does not
  public var ethernetHeader: EthernetHeader? {
    var bytes = InlineArray<18, UInt8>(repeating: 0)
    let count = copyPrefix(into: &bytes)
    guard count >= EthernetHeader.untaggedByteCount else { return nil }
    let destination = MACAddress([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]])
    let source = MACAddress([bytes[6], bytes[7], bytes[8], bytes[9], bytes[10], bytes[11]])
    let type = bigEndian(bytes[12], bytes[13])
    guard EthernetHeader.isTagProtocol(type) else {
      return EthernetHeader(destination: destination, source: source, etherType: type)
    }
    guard count >= EthernetHeader.taggedByteCount else { return nil }
    return EthernetHeader(
      destination: destination, source: source, tagProtocol: type,
      vlanTag: bigEndian(bytes[14], bytes[15]), etherType: bigEndian(bytes[16], bytes[17]))
  }

  /// The second tag of a frame that carries two; nil when it has none or is too short.
  ///
  /// - Shape: `[addresses 12][outer 4][tagProtocol 2 BE][control 2 BE][etherType 2 BE]`
  public var innerVLANTag: VLANTag? {
    var bytes = InlineArray<22, UInt8>(repeating: 0)
    guard copyPrefix(into: &bytes) == 22 else { return nil }
    let inner = bigEndian(bytes[16], bytes[17])
    guard EthernetHeader.isTagProtocol(bigEndian(bytes[12], bytes[13])),
      EthernetHeader.isTagProtocol(inner)
    else { return nil }
    return VLANTag(
      tagProtocol: inner, control: bigEndian(bytes[18], bytes[19]),
      etherType: bigEndian(bytes[20], bytes[21]))
  }
}

private func bigEndian(_ high: UInt8, _ low: UInt8) -> UInt16 {
  UInt16(high) << 8 | UInt16(low)
}
