internal import MDL
internal import Platform

/// The memory into which a client's message was received, and from which its frames are sent.
///
/// It is private to the daemon: the kernel copied the message into it, so nothing can change after
/// it was checked (threat T8).
///
/// - Thread: the loop that has the session; a pended write keeps it
/// - Ownership: one owner at a time; a pool reuses it when the last reference is gone
public final class MessageBuffer {
  /// The length of the longest message.
  public static let longest = 128 << 10
  private let memory: HotCell<MDLBuffer>
  /// The length of its message.
  public var byteCount: Int { messageByteCount }
  // Stored apart: of a public field every use is checked for exclusive access.
  private var messageByteCount = 0

  /// Allocates memory for messages of up to `capacity` bytes.
  public init(capacity: Int) { memory = HotCell(MDLBuffer(byteCount: capacity)) }

  /// A copy as large as its message: a waiting message takes no more room.
  convenience init(copying other: MessageBuffer) {
    self.init(capacity: other.byteCount)
    fill { room in
      var copy = MutableMDLSpan(room._mutatingExtracting(first: other.byteCount))
      do throws(MDLError) {
        try copy.copyBytes(from: other.bytes)
        return other.byteCount
      } catch {
        return 0
      }
    }
  }

  /// The size of its memory.
  var capacity: Int { memory.value.byteCount }

  /// The message, borrowed while the buffer lives.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get { message(in: memory.value) }
  }

  @_lifetime(borrow self)
  private func message(in buffer: borrowing MDLBuffer) -> RawSpan {
    // The memory does not move while the buffer lives, and is written in `fill` only.
    unsafe _overrideLifetime(buffer.bytes.extracting(first: messageByteCount), borrowing: self)
  }

  /// Lets `body` write a message; the previous one must not be in use.
  ///
  /// - Parameter body: writes from the first byte on, and returns the number of bytes; a negative
  ///   number, or one beyond the end, leaves no message
  public func fill(_ body: (inout MutableRawSpan) -> Int) {
    let capacity = memory.value.byteCount
    let count = memory.value.withMutableBytes(body)
    messageByteCount = (0...capacity).contains(count) ? count : 0
  }
}
