internal import NDIS

/// Room for the statuses of one message's frames.
///
/// - Shape: `[NTSTATUS u32][NDIS_STATUS u32][errno u32]` per frame, little-endian
@safe final class StatusBuffer {
  /// Enough for the longest message of the shortest records.
  static let longest = 5_500
  private let base: UnsafeMutablePointer<UInt32>
  private let frameCount: Int

  /// The length of this many statuses.
  static func byteCount(ofFrames count: Int) -> Int { count * 12 }

  /// Allocates room for this many frames, without statuses.
  init(frameCount: Int = StatusBuffer.longest) {
    self.frameCount = frameCount
    unsafe base = .allocate(capacity: frameCount * 3)
    unsafe base.initialize(repeating: 0, count: frameCount * 3)
  }

  /// Allocates room for a message's frames, and copies the first statuses.
  convenience init(frameCount: Int, copying other: StatusBuffer, count: Int) {
    self.init(frameCount: frameCount)
    let count = min(count, frameCount, other.frameCount)
    unsafe base.update(from: other.base, count: count &* 3)
  }

  deinit { unsafe base.deallocate() }

  /// The length in bytes.
  var byteCount: Int { StatusBuffer.byteCount(ofFrames: frameCount) }

  /// Sets the status of one frame; an index beyond the room is a defect and is ignored.
  @inline(__always) func set(_ index: Int, _ status: CompletionStatus) {
    guard index >= 0, index < frameCount else { return }
    unsafe base[index &* 3] = status.ntStatus.rawValue
    unsafe base[index &* 3 &+ 1] = status.ndisStatus.rawValue
    unsafe base[index &* 3 &+ 2] = UInt32(bitPattern: status.errno)
  }

  /// The statuses of the first `count` frames.
  @_lifetime(borrow self)
  func bytes(count: Int) -> RawSpan {
    let count = min(count, frameCount)
    return unsafe _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count &* 12), borrowing: self)
  }
}
