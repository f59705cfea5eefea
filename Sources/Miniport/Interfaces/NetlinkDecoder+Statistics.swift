internal import CLinux
internal import NDIS

extension NetlinkDecoder {
  /// The payload of RTM_NEWSTATS, with the requested counters.
  ///
  /// - Shape: native byte order; a kernel may know more counters than these, an older one fewer
  ///   ```
  ///    0 u8 family   1 pad   4 s32 index   8 u32 filter mask   12 attributes
  ///    IFLA_STATS_LINK_64: u64 each, as struct rtnl_link_stats64 has them
  ///   ```
  static func statistics(_ payload: RawSpan) -> NetlinkMessage.Content? {
    let headerByteCount = MemoryLayout<if_stats_msg>.size
    guard payload.byteCount >= headerByteCount, let index = payload.i32(at: 4) else { return nil }
    var found: InterfaceStatistics?
    forEachAttribute(in: payload.extracting(droppingFirst: headerByteCount)) { type, value in
      guard type == Int(IFLA_STATS_LINK_64) else { return }
      found = InterfaceStatistics(rtnlLinkStats64: value)
    }
    return found.map { .statistics($0, interfaceIndex: index) }
  }
}

extension InterfaceStatistics {
  /// Reads `struct rtnl_link_stats64`; missing counters are 0.
  fileprivate init(rtnlLinkStats64 bytes: RawSpan) {
    self.init()
    let fields: [WritableKeyPath<InterfaceStatistics, UInt64>] = [
      \.receivedFrames, \.sentFrames, \.receivedBytes, \.sentBytes, \.receiveErrors, \.sendErrors,
      \.receiveDropped, \.sendDropped, \.receivedMulticastFrames, \.collisions,
      \.receiveLengthErrors, \.receiveOverErrors, \.receiveCRCErrors, \.receiveFrameErrors,
      \.receiveFIFOErrors, \.receiveMissed, \.sendAborted, \.sendCarrierErrors, \.sendFIFOErrors,
      \.sendHeartbeatErrors, \.sendWindowErrors,
    ]
    for (index, field) in fields.enumerated() {
      self[keyPath: field] = bytes.u64(at: 8 * index) ?? 0
    }
  }
}
