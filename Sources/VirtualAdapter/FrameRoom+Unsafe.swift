/// Memory for one frame that is dropped.
final class FrameRoom {
  private var bytes = [UInt8](repeating: 0, count: (1 << 16) + 64)

  /// Passes the memory to `body`.
  func take(_ body: (inout MutableRawSpan) -> Int) -> Int {
    unsafe bytes.withUnsafeMutableBytes { memory in
      guard let base = memory.baseAddress else { return 0 }
      var span = unsafe MutableRawSpan(_unsafeStart: base, byteCount: memory.count)
      return body(&span)
    }
  }
}
