internal import Ndisprot
internal import NdisprotControl

/// The receive buffers of one loop.
///
/// A pended write keeps its buffer; the pool hands out another, and gets this one back when the
/// write is done. In the steady state nothing is allocated.
///
/// - Thread: the loop's
struct MessageBufferPool {
  /// Buffers that are kept; when pended writes have them all, further ones are created and freed.
  private static let kept = 8
  private var buffers: [MessageBuffer] = []

  /// A buffer without another user.
  mutating func take() -> MessageBuffer {
    for index in buffers.indices where isKnownUniquelyReferenced(&buffers[index]) {
      return buffers[index]
    }
    let buffer = MessageBuffer(capacity: MessageHeader.maximumMessageByteCount)
    if buffers.count < MessageBufferPool.kept { buffers.append(buffer) }
    return buffer
  }
}
