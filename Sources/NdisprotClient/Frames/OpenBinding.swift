public import MDL
public import NDIS
public import NdisprotControl

/// A binding that a session has opened: frames and OIDs.
///
/// `read` and `write` are simple and move one frame; `FrameReader` and `FrameWriter` move hundreds
/// per message.
///
/// - Thread: its connection's
/// - Windows: a handle of `\\.\NdisProt` after OPEN_DEVICE
public final class OpenBinding {
  /// The session.
  public let connection: Connection
  /// What the daemon granted: mode, EtherTypes, address, MTU.
  public let granted: OpenReply
  /// The buffer for one message of frames to write, created on first use.
  private var writer: WriterBox?

  init(_ connection: Connection, _ granted: OpenReply) {
    self.connection = connection
    self.granted = granted
  }

  /// The name of the interface.
  public var name: String { granted.name }
  /// The interface's address when it was opened.
  public var address: MACAddress { granted.address }
  /// The longest frame that can be written, without a VLAN tag.
  public var maximumFrameByteCount: Int {
    Int(granted.maximumFrameSize) + EthernetHeader.untaggedByteCount
  }

  /// Closes the open; the session stays and can open another binding.
  public func close() throws(ClientError) {
    try connection.request(.closeDevice, .close) { _, _ throws(DecodeError) in }
  }

  // MARK: OIDs

  /// Queries an OID.
  ///
  /// - Throws: `.refused` with `notSupported`, `notConnected`
  /// - Windows: IOCTL_NDISPROT_QUERY_OID_VALUE
  public func query(_ oid: OID) throws(ClientError) -> [UInt8] {
    do throws(ClientError) {
      return try query(oid, valueByteCount: 1024)
    } catch .refused(.bufferTooSmall, _, let needed) where needed > 1024 {
      let room = Int(needed) - OIDMessage.headerByteCount
      return try query(oid, valueByteCount: min(room, MessageHeader.maximumPayloadByteCount))
    }
  }

  private func query(_ oid: OID, valueByteCount: Int) throws(ClientError) -> [UInt8] {
    let input: InlineArray<2, UInt32> = [oid.rawValue.littleEndian, 0]
    return try unsafe connection.deviceControl(
      .queryOIDValue, .query, input.span.bytes,
      room: OIDMessage.headerByteCount + valueByteCount
    ) { payload throws(DecodeError) in try OIDMessage.value(decoding: payload) }
  }

  /// Sets the value of an OID.
  ///
  /// - Throws: `.refused` with `oidNotSettable`, `invalidLength`, `notSupported`
  /// - Windows: IOCTL_NDISPROT_SET_OID_VALUE
  public func set(_ oid: OID, _ value: [UInt8]) throws(ClientError) {
    let input = OIDMessage(oid: oid, value: value).encoded
    try unsafe connection.deviceControl(.setOIDValue, .set, input.span.bytes) {
      _ throws(DecodeError) in
    }
  }

  // MARK: Memory

  /// A class, so that a message can be sent from it while the binding is used.
  final class WriterBox {
    var records = RecordWriter()
  }

  /// The writer for a message, empty.
  var emptyWriter: WriterBox {
    let box = writer ?? WriterBox()
    writer = box
    box.records.removeAll()
    return box
  }
}
