public import Glibc

extension MDLChain {
  /// Passes the chain's own table to `body`, as the argument of `writev` or `sendmsg`.
  ///
  /// Nothing is copied; empty segments are included. A chain of more than `IOV_MAX` segments is
  /// exported in parts: `MDLSpan.exportIOVectors(into:)`.
  @inlinable
  @unsafe
  public func withUnsafeIOVectors<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<iovec>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe segments.withUnsafeBufferPointer { (table) throws(Failure) -> Result in
      let vectors = unsafe UnsafeRawPointer(table.baseAddress)?.assumingMemoryBound(to: iovec.self)
      return try unsafe body(UnsafeBufferPointer(start: vectors, count: table.count))
    }
  }
}

extension MDLSpan {
  /// Writes an entry for each region, as many as fit, at most `IOV_MAX`.
  ///
  /// If the entries cover only a prefix, or the kernel took only part of them, continue with
  /// `extracting(droppingFirst:)`.
  ///
  /// - Returns: how many entries were written, and how many bytes they cover
  /// - Complexity: O(entries), no allocation
  @inlinable
  public func exportIOVectors(
    into out: inout MutableSpan<iovec>
  ) -> (count: Int, byteCount: Int) {
    let room = unsafe min(out.count, maximumIOVectorCount)
    var count = 0
    var covered = 0
    unsafe walk { (base, regionByteCount) in
      guard count < room else { return false }
      unsafe out[unchecked: count] = unsafe iovec(iov_base: base, iov_len: regionByteCount)
      count &+= 1
      covered &+= regionByteCount
      return true
    }
    return (count, covered)
  }
}

/// IOV_MAX of Linux, writev(2); Swift does not import the macro.
@usableFromInline let maximumIOVectorCount = 1024
