/// What an adapter says of itself without being asked.
///
/// - Shape: `data` is the structure that belongs to the status, little-endian
/// - Windows: NDIS_STATUS_INDICATION
/// - Source: `spec/ndisprot-semantics.md` sections 2.7 and 4.7
public struct StatusIndication: Hashable, Sendable {
  /// What it speaks of.
  public var status: NDISStatus
  /// The structure that belongs to it.
  public var data: [UInt8]

  /// Makes an indication.
  public init(status: NDISStatus, data: [UInt8]) {
    self.status = status
    self.data = data
  }

  /// The carrier came or went (rule S-3); duplex and speed are not known here.
  ///
  /// - Shape: NDIS_LINK_STATE, 40 bytes (rule E-6)
  ///   ```
  ///    0 header 0x80, 1, u16 40    4 u32 MediaConnectState    8 u32 duplex  12 pad
  ///   16 u64 transmit speed       24 u64 receive speed
  ///   32 u32 pause functions      36 u32 auto-negotiation
  ///   ```
  public static func linkState(_ link: MediaConnectState) -> StatusIndication {
    let unknownSpeed = UInt64.max
    let unknownPause: UInt32 = 4
    var data: [UInt8] = [0x80, 1, 40, 0]
    data.append(words: [link.rawValue, 0, 0])
    for speed in [unknownSpeed, unknownSpeed] {
      data.append(words: [
        UInt32(truncatingIfNeeded: speed), UInt32(truncatingIfNeeded: speed >> 32),
      ])
    }
    data.append(words: [unknownPause, 0])
    return StatusIndication(status: .linkState, data: data)
  }

  /// The output of INDICATE_STATUS.
  ///
  /// - Shape: `[IndicatedStatus u32][StatusBufferOffset u32 = 12][StatusBufferLength u32][data]`
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(words: [
      status.rawValue, UInt32(Self.headerByteCount), UInt32(clamping: data.count),
    ])
    return bytes + data
  }

  /// Bytes in front of the data.
  public static let headerByteCount = 12
}

extension [UInt8] {
  /// Appends numbers, little-endian.
  fileprivate mutating func append(words: [UInt32]) {
    for word in words {
      for shift in [0, 8, 16, 24] as [UInt32] {
        append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
  }
}
