/// One frame on its way, with what must travel beside its bytes.
///
/// The bytes are either a copy in the list's own buffer (`assign(_:)`) or a range of a message that
/// somebody else owns (`describe(_:)`), found again with `frame(in:)`. One list is one frame.
/// A list is in one queue at most, and dropping it returns it to its pool.
///
/// - Thread: its pool's
/// - Windows: NET_BUFFER_LIST with its one NET_BUFFER
@safe
@frozen
public struct NetBufferList: ~Copyable {
  @usableFromInline let node: UnsafeMutablePointer<NetBufferListNode>

  @unsafe
  @inlinable
  init(_ node: UnsafeMutablePointer<NetBufferListNode>) { unsafe self.node = node }

  @inlinable
  deinit { unsafe NetBufferListNode.giveBack(node) }

  /// Gives the node to somebody who keeps it: it does not go back to the pool.
  @unsafe
  @inlinable
  consuming func release() -> UnsafeMutablePointer<NetBufferListNode> {
    let node = unsafe node
    discard self
    return unsafe node
  }
}

// MARK: - The frame's bytes

extension NetBufferList {
  /// The bytes that `assign(_:)` copied; none for a frame inside a message.
  ///
  /// A list that shall be queued afterwards is held in a `var`, or read by a function that borrows
  /// it: the compiler does not consume a `let` of which a view was taken in the same function.
  public var span: MDLSpan {
    @_lifetime(borrow self) get {
      let bytes = unsafe RawSpan(
        _unsafeBytes: UnsafeRawBufferPointer(
          rebasing: node.pointee.storage[..<node.pointee.fields.storedByteCount]))
      return unsafe _overrideLifetime(MDLSpan(bytes), borrowing: self)
    }
  }

  /// How many bytes the frame has.
  ///
  /// - Windows: NET_BUFFER_DATA_LENGTH
  public var byteCount: Int { unsafe node.pointee.fields.byteCount }

  /// Where in its message the frame starts; 0 for a copy.
  ///
  /// - Windows: NET_BUFFER_DATA_OFFSET
  public var dataOffset: Int { unsafe node.pointee.fields.dataOffset }

  /// Copies a frame into the list's own buffer: the one copy, when it must wait.
  ///
  /// - Throws: `.destinationTooSmall` when the buffer is shorter; the list is unchanged then
  public mutating func assign(_ frame: MDLSpan) throws(MDLError) {
    var storage = unsafe MutableRawSpan(_unsafeBytes: node.pointee.storage)
    try frame.copyBytes(to: &storage)
    unsafe node.pointee.fields.byteCount = frame.byteCount
    unsafe node.pointee.fields.storedByteCount = frame.byteCount
    unsafe node.pointee.fields.dataOffset = 0
  }

  /// Says which bytes of a message are the frame; copies nothing.
  ///
  /// `sourceID` may name the message. Its end is checked when it is used, by `frame(in:)`.
  ///
  /// - Throws: `.outOfBounds` for a negative start; the list is unchanged then
  public mutating func describe(_ range: Range<Int>) throws(MDLError) {
    guard range.lowerBound >= 0 else { throw .outOfBounds }
    unsafe node.pointee.fields.byteCount = range.count
    unsafe node.pointee.fields.storedByteCount = 0
    unsafe node.pointee.fields.dataOffset = range.lowerBound
  }

  /// The frame's bytes inside the message that `describe(_:)` meant.
  ///
  /// - Throws: `.outOfBounds` when the message has no such range
  @_lifetime(copy message)
  public func frame(in message: MDLSpan) throws(MDLError) -> MDLSpan {
    let rest = try message.extracting(droppingFirst: dataOffset)
    return try rest.extracting(first: byteCount)
  }
}

// MARK: - What travels beside the bytes

extension NetBufferList {
  /// The result of sending it; the meaning is the user's (an NDIS status).
  ///
  /// - Windows: NET_BUFFER_LIST_STATUS
  public var status: Int32 {
    get { unsafe node.pointee.fields.status }
    nonmutating set { unsafe node.pointee.fields.status = newValue }
  }

  /// Who handed it in: an open, or a message.
  ///
  /// - Windows: NET_BUFFER_LIST.SourceHandle
  public var sourceID: UInt64 {
    get { unsafe node.pointee.fields.sourceID }
    nonmutating set { unsafe node.pointee.fields.sourceID = newValue }
  }

  /// What a cancellation names.
  ///
  /// - Windows: NDIS_SET_NET_BUFFER_LIST_CANCEL_ID
  public var cancelID: UInt64 {
    get { unsafe node.pointee.fields.cancelID }
    nonmutating set { unsafe node.pointee.fields.cancelID = newValue }
  }

  /// The frame's VLAN tag control information; 0 for none.
  public var vlan: UInt16 {
    get { unsafe node.pointee.fields.vlan }
    nonmutating set { unsafe node.pointee.fields.vlan = newValue }
  }

  /// When it was captured or handed in, in nanoseconds since the epoch.
  public var timestampNanoseconds: UInt64 {
    get { unsafe node.pointee.fields.timestampNanoseconds }
    nonmutating set { unsafe node.pointee.fields.timestampNanoseconds = newValue }
  }

  /// How many bytes the frame had on the wire, its tag included.
  public var wireByteCount: Int {
    get { unsafe node.pointee.fields.wireByteCount }
    nonmutating set { unsafe node.pointee.fields.wireByteCount = newValue }
  }
}
