internal import NDIS

// Values of facts: of the link in bit/s, of counters in 8 bytes, of the sample's older OIDs in 4.

extension LinkSettings {
  /// The state of the link; nil for other OIDs.
  func value(of oid: OID, _ connection: MediaConnectState) -> [UInt8]? {
    switch oid {
    case .linkSpeed:
      [UInt8](
        littleEndian: bitsPerSecond == LinkSettings.unknownSpeed
          ? 0 : UInt32(clamping: bitsPerSecond / 100))
    case .xmitLinkSpeed, .rcvLinkSpeed: [UInt8](littleEndian: bitsPerSecond)
    case .linkSpeedEx: [UInt8](littleEndian: bitsPerSecond, bitsPerSecond)
    case .maxLinkSpeed: [UInt8](littleEndian: maximumBitsPerSecond, maximumBitsPerSecond)
    case .linkState: linkState(connection)
    case .mediaDuplexState: [UInt8](littleEndian: duplex.rawValue)
    default: nil
    }
  }
}

extension AdapterFacts {
  /// The value of a counter; nil for other OIDs.
  func value(of oid: OID) -> [UInt8]? {
    if oid == .statistics { return statistics.encoded }
    if oid == .receiveBufferSpace {
      return [UInt8](littleEndian: UInt32(clamping: traffic.captureRingByteCount))
    }
    if let count = count(oid) { return [UInt8](littleEndian: count) }
    return statistics.collisionCount(oid).map {
      [UInt8](littleEndian: UInt32(truncatingIfNeeded: $0))
    }
  }

  /// OIDs of the kind that has 4 or 8 bytes.
  private func count(_ oid: OID) -> UInt64? {
    switch oid {
    case .xmitOK: statistics.sentFrames
    case .rcvOK: statistics.receivedFrames
    case .xmitError: statistics.sendErrors
    case .rcvError: statistics.receiveErrors
    case .rcvNoBuffer: statistics.receiveDiscards &+ traffic.captureDrops
    case .rcvCRCError: statistics.receiveCRCErrors
    case .bytesRcv: statistics.receivedBytes
    case .bytesXmit: statistics.sentBytes
    case .rcvDiscards: statistics.receiveDiscards
    case .xmitDiscards: statistics.sendDropped
    case .transmitQueueLength: traffic.waitingFrames
    case .directedBytesXmit: traffic.sent.directed.bytes
    case .directedFramesXmit: traffic.sent.directed.frames
    case .multicastBytesXmit: traffic.sent.multicast.bytes
    case .multicastFramesXmit: traffic.sent.multicast.frames
    case .broadcastBytesXmit: traffic.sent.broadcast.bytes
    case .broadcastFramesXmit: traffic.sent.broadcast.frames
    case .directedBytesRcv: traffic.received.directed.bytes
    case .directedFramesRcv: traffic.received.directed.frames
    case .multicastBytesRcv: traffic.received.multicast.bytes
    case .multicastFramesRcv: traffic.received.multicast.frames
    case .broadcastBytesRcv: traffic.received.broadcast.bytes
    case .broadcastFramesRcv: traffic.received.broadcast.frames
    default: nil
    }
  }
}

extension InterfaceStatistics {
  /// OID_802_3_…: the errors of an Ethernet link, 4 bytes each.
  fileprivate func collisionCount(_ oid: OID) -> UInt64? {
    switch oid {
    case .rcvErrorAlignment: receiveFrameErrors
    // Linux does not tell these apart from the rest.
    case .xmitOneCollision, .xmitDeferred: 0
    case .xmitMoreCollisions: collisions
    case .xmitMaxCollisions: sendAborted
    case .rcvOverrun: receiveOverErrors &+ receiveFIFOErrors
    case .xmitUnderrun: sendFIFOErrors
    case .xmitHeartbeatFailure: sendHeartbeatErrors
    case .xmitTimesCRSLost: sendCarrierErrors
    case .xmitLateCollisions: sendWindowErrors
    default: nil
    }
  }
}
