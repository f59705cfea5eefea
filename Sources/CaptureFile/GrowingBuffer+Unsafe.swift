/// Bytes that grow at their end, in memory that is used again and again.
///
/// - Ownership: owns its memory; `content` borrows it
/// - Complexity: no allocation once it has grown
@safe struct GrowingBuffer: ~Copyable {
  private var base = UnsafeMutableRawPointer.allocate(byteCount: 0, alignment: 16)
  private var capacity = 0
  /// Bytes that are in it.
  private(set) var count = 0

  deinit { unsafe base.deallocate() }

  var content: RawSpan {
    @_lifetime(borrow self) get {
      unsafe _overrideLifetime(
        RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count), borrowing: self)
    }
  }

  mutating func removeAll() { count = 0 }

  /// Makes room for so many bytes more, which `store` and `copy` then fill: all of them.
  ///
  /// - Returns: where they begin
  mutating func extend(_ byteCount: Int) -> Int {
    if capacity - count < byteCount {
      capacity = max(2 * capacity, count + byteCount, 64 << 10)
      let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
      unsafe grown.copyMemory(from: base, byteCount: count)
      unsafe base.deallocate()
      unsafe base = grown
    }
    defer { count += byteCount }
    return count
  }

  /// Stores a word, little-endian.
  mutating func store(_ word: UInt32, at offset: Int) {
    precondition(offset >= 0 && offset <= count - 4, "a word outside of the buffer")
    unsafe base.storeBytes(of: word.littleEndian, toByteOffset: offset, as: UInt32.self)
  }

  /// Copies bytes in.
  mutating func copy(_ bytes: RawSpan, to offset: Int) {
    precondition(offset >= 0 && bytes.byteCount <= count - offset, "bytes outside of the buffer")
    unsafe bytes.withUnsafeBytes { bytes in
      guard let from = bytes.baseAddress else { return }
      unsafe (base + offset).copyMemory(from: from, byteCount: bytes.count)
    }
  }
}
