/// A fixed number of net buffer lists, each with a buffer of its own.
///
/// - Thread: the pool, its lists and the queues they are in belong to one thread, or to one lock:
///   dropping a list returns it to the pool without one
/// - Ownership: the memory lives until the pool is dropped and the last list is back
/// - Windows: NdisAllocateNetBufferListPool
@safe
public struct NetBufferListPool: ~Copyable {
  private let slab: UnsafeMutablePointer<NetBufferListSlab>
  /// How many lists there are.
  public let capacity: Int

  /// Allocates all lists and their buffers at once.
  ///
  /// A pool for frames that lie inside messages (`NetBufferList.describe(_:)`) needs no buffers.
  ///
  /// - Precondition: `capacity` is positive, `bufferByteCount` not negative, their product an Int.
  public init(capacity: Int, bufferByteCount: Int = 2048) {
    precondition(capacity > 0, "a pool has at least one list")
    precondition(bufferByteCount >= 0, "a buffer's byte count is not negative")
    precondition(
      !capacity.multipliedReportingOverflow(by: bufferByteCount).overflow,
      "a pool's buffers fit the address space")
    unsafe slab = NetBufferListSlab.allocate(capacity: capacity, bufferByteCount: bufferByteCount)
    self.capacity = capacity
  }

  deinit {
    unsafe slab.pointee.isClosed = true
    if unsafe slab.pointee.outstanding == 0 { unsafe NetBufferListSlab.free(slab) }
  }

  /// How many lists are out.
  public var outstanding: Int { unsafe slab.pointee.outstanding }

  /// Takes a list, all its fields zero; nil when none is left (the caller counts a drop).
  ///
  /// - Complexity: O(1), no allocation
  /// - Windows: NdisAllocateNetBufferList
  public func take() -> NetBufferList? {
    guard let node = unsafe slab.pointee.free else { return nil }
    unsafe slab.pointee.free = node.pointee.next
    unsafe slab.pointee.outstanding &+= 1
    unsafe node.pointee.next = nil
    unsafe node.pointee.fields = NetBufferListFields()
    return unsafe NetBufferList(node)
  }
}
