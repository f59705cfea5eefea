internal import NDIS

/// Room for the statuses of one message's frames.
///
/// - Shape: `[NTSTATUS u32][NDIS_STATUS u32][errno u32]` per frame, little-endian
@safe final class StatusBuffer {
  /// Enough for the longest message of the shortest records.
  static let longest = 5_500
  private let base: UnsafeMutablePointer<UInt32>
  private let frameCount: Int
  /// From this frame on all statuses are success.
  private var successFrom = 0

  /// The length of this many statuses.
  static func byteCount(ofFrames count: Int) -> Int { count * 12 }

  /// Allocates room for this many frames, with the status success.
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
    successFrom = min(count, other.successFrom)
  }

  deinit { unsafe base.deallocate() }

  /// The length in bytes.
  var byteCount: Int { StatusBuffer.byteCount(ofFrames: frameCount) }

  /// Notes what became of one frame; an index beyond the room is a defect and is ignored.
  func set(_ index: Int, _ status: CompletionStatus) {
    guard index >= 0, index < frameCount else { return }
    successFrom = max(successFrom, index &+ 1)
    unsafe base[index &* 3] = status.ntStatus.rawValue
    unsafe base[index &* 3 &+ 1] = status.ndisStatus.rawValue
    unsafe base[index &* 3 &+ 2] = UInt32(bitPattern: status.errno)
  }

  /// Sets the status of `count` frames from `start` on to success.
  ///
  /// Success is all zeros, as the memory is from the beginning: of nearly all messages nothing is
  /// written.
  func setSuccess(from start: Int, _ count: Int) {
    let end = min(start &+ count, successFrom)
    guard start >= 0, start < end else { return }
    unsafe (base + start &* 3).update(repeating: 0, count: (end &- start) &* 3)
    if end == successFrom { successFrom = start }
  }

  /// The statuses of the first `count` frames.
  @_lifetime(borrow self)
  func bytes(count: Int) -> RawSpan {
    let count = min(count, frameCount)
    return unsafe _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count &* 12), borrowing: self)
  }
}
