public import MDL
public import NDIS
internal import NdisprotControl

extension OpenBinding {
  /// Starts receiving the frames of an Ethernet group, in addition to those of others.
  ///
  /// - Throws: `.refused` with `multicastFull` for too many groups, or an address that is not a
  ///   group
  /// - Windows: OID_802_3_ADD_MULTICAST_ADDRESS
  public func join(_ group: MACAddress) throws(ClientError) {
    try set(.addMulticastAddress, group.octets.indices.map { group.octets[$0] })
  }

  /// Stops receiving the frames of a group.
  ///
  /// - Throws: `.refused` with `multicastNotFound`
  /// - Windows: OID_802_3_DELETE_MULTICAST_ADDRESS
  public func leave(_ group: MACAddress) throws(ClientError) {
    try set(.deleteMulticastAddress, group.octets.indices.map { group.octets[$0] })
  }

  /// Writes one frame, and returns when it was sent; as `write` of a span.
  public func write(
    _ frame: [UInt8], timeout: Duration? = Connection.defaultTimeout
  ) throws(ClientError) {
    try unsafe write(frame.span.bytes, timeout: timeout)
  }

  /// Queries an OID and passes its value to `body`.
  ///
  /// - Parameters:
  ///   - oid: the OID
  ///   - byteLimit: the longest acceptable value
  ///   - body: receives the value
  /// - Returns: what `body` does
  /// - Throws: `.refused` with `bufferTooSmall` for a longer value; `bytesNeeded` is its length
  public func query<Value>(
    _ oid: OID, byteLimit: Int, _ body: (RawSpan) -> Value
  ) throws(ClientError) -> Value {
    let input: InlineArray<2, UInt32> = [oid.rawValue.littleEndian, 0]
    let room =
      OIDMessage.headerByteCount
      + min(
        max(byteLimit, OIDMessage.minimumByteCount - OIDMessage.headerByteCount),
        MessageHeader.maximumPayloadByteCount - OIDMessage.headerByteCount)
    do throws(ClientError) {
      return try unsafe connection.deviceControl(
        .queryOIDValue, .query, input.span.bytes, room: room
      ) { payload throws(DecodeError) in
        let byteCount = payload.byteCount - OIDMessage.headerByteCount
        guard byteCount >= 0 else { throw .tooShort }
        guard payload.byteCount <= room else { throw .trailingBytes }
        return body(payload.extracting(droppingFirst: OIDMessage.headerByteCount))
      }
    } catch .refused(.bufferTooSmall, let operation, let needed) {
      let value =
        needed > UInt32(OIDMessage.headerByteCount)
        ? needed - UInt32(OIDMessage.headerByteCount) : 0
      throw .refused(.bufferTooSmall, operation, bytesNeeded: value)
    }
  }
}
