public import Glibc

extension MDLSpan {
  /// Copies all bytes, as `memcpy(out, span, byteCount)`; the rest of `out` is unchanged.
  ///
  /// - Throws: `.destinationTooSmall`; nothing is written then
  /// - Windows: MdlCopyMdlSpanToFlatBuffer
  @inlinable
  @_lifetime(out: copy out)
  public func copyBytes(to out: inout MutableRawSpan) throws(MDLError) {
    guard out.byteCount >= byteCount else { throw .destinationTooSmall }
    unsafe out.withUnsafeMutableBytes { unsafe copyRegions(to: $0.baseAddress) }
  }

  /// Copies as many leading bytes as fit, and returns their number.
  ///
  /// - Source: ndisprot recv.c truncates a frame to the reader's room; it does not fail
  @inlinable
  @_lifetime(out: copy out)
  public func copyPrefix(to out: inout MutableRawSpan) -> Int {
    let count = min(out.byteCount, byteCount)
    let prefix = unsafe part(from: 0, count)
    unsafe out.withUnsafeMutableBytes { unsafe prefix.copyRegions(to: $0.baseAddress) }
    return count
  }

  /// Copies as many leading bytes as fit into an inline array, and returns their number.
  ///
  /// The copy is private: bytes that are checked in it cannot change before they are used.
  @inlinable
  public func copyPrefix<let count: Int>(into out: inout InlineArray<count, UInt8>) -> Int {
    var elements = out.mutableSpan
    var bytes = unsafe elements.mutableBytes
    return copyPrefix(to: &bytes)
  }

  /// Appends all bytes to those already written to `out`.
  ///
  /// - Throws: `.destinationTooSmall` if the free capacity does not suffice; nothing is written
  @inlinable
  @_lifetime(out: copy out)
  public func append(to out: inout OutputRawSpan) throws(MDLError) {
    guard out.freeCapacity >= byteCount else { throw .destinationTooSmall }
    unsafe out.withUnsafeMutableBytes { (buffer, initializedCount) in
      guard let base = buffer.baseAddress else { return }
      unsafe copyRegions(to: base + initializedCount)
      initializedCount &+= byteCount
    }
  }

  /// - Precondition: `out` has room for `byteCount` bytes; nil is allowed if there are none.
  @inlinable
  @unsafe
  func copyRegions(to out: UnsafeMutableRawPointer?) {
    guard var out = unsafe out else { return }
    unsafe walk { (base, count) in
      unsafe memmove(out, base, count)
      unsafe out += count
      return true
    }
  }
}
