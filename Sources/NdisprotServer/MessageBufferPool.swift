internal import Ndisprot
internal import NdisprotControl

/// The buffers of one loop in which messages arrive.
///
/// A write that is pended takes its buffer along; the pool gives out another, and has this one
/// back when the write is through. In the steady state nothing is allocated.
///
/// - Thread: the loop's
struct MessageBufferPool {
  /// Buffers that are kept; one more is made and dropped when all are with pended writes.
  private static let kept = 8
  private var buffers: [MessageBuffer] = []

  /// A buffer that nobody else holds.
  mutating func take() -> MessageBuffer {
    for index in buffers.indices where isKnownUniquelyReferenced(&buffers[index]) {
      return buffers[index]
    }
    let buffer = MessageBuffer(capacity: MessageHeader.maximumMessageByteCount)
    if buffers.count < MessageBufferPool.kept { buffers.append(buffer) }
    return buffer
  }
}
