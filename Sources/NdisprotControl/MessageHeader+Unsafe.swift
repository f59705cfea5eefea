// The offsets of the header's fields. The callers have checked that there are 40 bytes.

extension MessageHeader {
  @unsafe init(uncheckedBytes bytes: RawSpan) {
    unsafe opcode = UInt16(littleEndianIn: bytes, at: 2)
    unsafe flags = UInt32(littleEndianIn: bytes, at: 4)
    unsafe id = UInt64(littleEndianIn: bytes, at: 8)
    unsafe code = UInt32(littleEndianIn: bytes, at: 16)
    unsafe ndisStatus = UInt32(littleEndianIn: bytes, at: 20)
    unsafe errno = UInt32(littleEndianIn: bytes, at: 24)
    unsafe information = UInt32(littleEndianIn: bytes, at: 28)
    unsafe bytesNeeded = UInt32(littleEndianIn: bytes, at: 32)
    unsafe count = UInt32(littleEndianIn: bytes, at: 36)
  }

  /// Writes the header to 40 bytes of memory.
  ///
  /// - Ownership: `base` has room for `byteCount` bytes; no alignment is needed
  @unsafe public func encode(to base: UnsafeMutableRawPointer) {
    unsafe ProtocolVersion.current.store(to: base)
    unsafe opcode.store(to: base + 2)
    unsafe flags.store(to: base + 4)
    unsafe id.store(to: base + 8)
    unsafe code.store(to: base + 16)
    unsafe ndisStatus.store(to: base + 20)
    unsafe errno.store(to: base + 24)
    unsafe information.store(to: base + 28)
    unsafe bytesNeeded.store(to: base + 32)
    unsafe count.store(to: base + 36)
  }

  /// The 40 bytes.
  public var encoded: InlineArray<40, UInt8> {
    var bytes = InlineArray<40, UInt8>(repeating: 0)
    unsafe withUnsafeMutableBytes(of: &bytes) { memory in
      if let base = memory.baseAddress { unsafe encode(to: base) }
    }
    return bytes
  }
}

extension FixedWidthInteger where Self: BitwiseCopyable {
  /// Loads an integer of the control channel; the caller has checked the bounds.
  @inlinable @inline(__always)
  @unsafe init(littleEndianIn bytes: RawSpan, at offset: Int) {
    self = unsafe Self(
      littleEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: Self.self))
  }

  /// Stores an integer of the control channel.
  @inline(__always)
  @unsafe func store(to base: UnsafeMutableRawPointer) {
    unsafe base.storeBytes(of: littleEndian, as: Self.self)
  }
}
