internal import MDL
internal import NDIS

/// The kernel's filter of a capture handle, as an expression of pcap-filter(7).
///
/// It may pass more than the opens asked for, never less: they judge each frame themselves. The
/// kernel has removed the outer VLAN tag of a received frame, so its type is at offset 12; a frame
/// that this host sends may still have its tag, and then the type is at 16.
enum CaptureFilter: Equatable {
  /// No frame.
  case nothing
  /// Every frame.
  case everything
  /// The frames that match the expression.
  case expression(String)

  /// More types than this are not worth a program; all frames pass then.
  static let maximumTypeCount = 256
  init(_ types: EtherTypeSet) {
    if types.isEmpty {
      self = .nothing
    } else if types.isAny || types.values.count > Self.maximumTypeCount {
      self = .everything
    } else {
      let plain = types.values.map { Self.test($0, at: 12) }.joined(separator: " or ")
      let tagged = types.values.map { Self.test($0, at: 16) }.joined(separator: " or ")
      let customer = Self.test(TagProtocol.customer, at: 12)
      var text = "\(plain) or (\(customer) and (\(tagged)))"
      // The kernel stores such a tag separately, where only `vlan` finds it. `vlan` shifts all
      // offsets after it, so it comes last.
      let isKeptBeside = types.values.contains {
        TagProtocol.isTakenOff($0) && !TagProtocol.isLookedBehind($0)
      }
      if isKeptBeside { text += " or vlan" }
      self = .expression(text)
    }
  }

  private static func test(_ type: UInt16, at offset: Int) -> String {
    type == EtherTypeSet.llcValue
      ? "ether[\(offset):2] < 0x0600" : "ether[\(offset):2] = 0x\(String(type, radix: 16))"
  }
}
