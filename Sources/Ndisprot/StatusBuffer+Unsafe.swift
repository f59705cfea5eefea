internal import NDIS

/// Room for the statuses of one message's frames, used again for the next.
///
/// - Shape: `[NTSTATUS u32][NDIS_STATUS u32][errno u32]` a frame, little-endian
@safe final class StatusBuffer {
  /// Frames of the shortest record in a message of 128 KiB, and some to spare.
  static let capacity = 5_500
  private let base: UnsafeMutablePointer<UInt32>

  init() {
    unsafe base = .allocate(capacity: StatusBuffer.capacity * 3)
    unsafe base.initialize(repeating: 0, count: StatusBuffer.capacity * 3)
  }

  deinit { unsafe base.deallocate() }

  /// Notes what became of one frame; an index beyond the room is a defect and is ignored.
  @inline(__always) func set(_ index: Int, _ status: CompletionStatus) {
    guard index >= 0, index < StatusBuffer.capacity else { return }
    unsafe base[index &* 3] = status.ntStatus.rawValue
    unsafe base[index &* 3 &+ 1] = status.ndisStatus.rawValue
    unsafe base[index &* 3 &+ 2] = UInt32(bitPattern: status.errno)
  }

  /// Takes over what another has noted of the first frames.
  func copy(from other: StatusBuffer, count: Int) {
    let count = min(count, StatusBuffer.capacity)
    unsafe base.update(from: other.base, count: count &* 3)
  }

  /// The statuses of the first `count` frames.
  @_lifetime(borrow self)
  func bytes(count: Int) -> RawSpan {
    let count = min(count, StatusBuffer.capacity)
    return unsafe _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count &* 12), borrowing: self)
  }
}
