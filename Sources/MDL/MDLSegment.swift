/// One contiguous sequence of bytes, as a row of a chain's table.
///
/// - Shape: `[base 8][byteCount 8]`, the layout of `struct iovec`, so that a chain's table is the
///   argument of `sendmsg` (asserted by test T1).
/// - Windows: MDL
@safe
public struct MDLSegment: BitwiseCopyable {
  @usableFromInline let base: UnsafeMutableRawPointer?
  /// The number of bytes in the segment; zero is legal anywhere in a chain.
  public let byteCount: Int

  @inlinable
  init() {
    unsafe base = nil
    byteCount = 0
  }

  @inlinable
  @unsafe
  init(base: UnsafeMutableRawPointer?, byteCount: Int) {
    unsafe self.base = base
    self.byteCount = byteCount
  }

  /// The row for `bytes`.
  ///
  /// It carries no lifetime: the builder that stores it does.
  @inlinable
  init(_ bytes: RawSpan) {
    self = unsafe bytes.withUnsafeBytes {
      unsafe MDLSegment(
        base: UnsafeMutableRawPointer(mutating: $0.baseAddress), byteCount: $0.count)
    }
  }
}
