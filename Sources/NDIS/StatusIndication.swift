/// What an adapter reports by itself.
///
/// - Shape: `data` is the structure that belongs to the status, little-endian
/// - Windows: NDIS_STATUS_INDICATION
/// - Source: `Ndisprot.docc/Rules.md` sections 2.7 and 4.7
public struct StatusIndication: Hashable, Sendable {
  /// The kind of the indication.
  public var status: NDISStatus
  /// The structure that belongs to it.
  public var data: [UInt8]

  /// Makes an indication.
  public init(status: NDISStatus, data: [UInt8]) {
    self.status = status
    self.data = data
  }

  /// The carrier appeared or disappeared (rule S-3); duplex and speed are not known here.
  ///
  /// - Shape: NDIS_LINK_STATE, see `LinkSettings.linkState`
  public static func linkState(_ link: MediaConnectState) -> StatusIndication {
    StatusIndication(status: .linkState, data: LinkSettings().linkState(link))
  }

  /// The output of INDICATE_STATUS.
  ///
  /// - Shape: `[IndicatedStatus u32][StatusBufferOffset u32 = 12][StatusBufferLength u32][data]`
  public var encoded: [UInt8] {
    [UInt8](
      littleEndian: status.rawValue, UInt32(Self.headerByteCount), UInt32(clamping: data.count))
      + data
  }

  /// The length of the header before the data.
  public static let headerByteCount = 12
}
