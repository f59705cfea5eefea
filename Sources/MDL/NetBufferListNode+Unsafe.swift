/// What a `NetBufferList` is a handle of: a row of its pool's slab, linked into one queue at most.
@safe
@usableFromInline
struct NetBufferListNode {
  @usableFromInline var next: UnsafeMutablePointer<NetBufferListNode>?
  let pool: UnsafeMutablePointer<NetBufferListSlab>
  let storage: UnsafeMutableRawBufferPointer
  var fields = NetBufferListFields()

  /// Puts a node on its pool's free list; frees the slab when it was the last of a closed pool.
  @unsafe
  @usableFromInline
  static func giveBack(_ node: UnsafeMutablePointer<NetBufferListNode>) {
    let slab = unsafe node.pointee.pool
    unsafe node.pointee.next = slab.pointee.free
    unsafe slab.pointee.free = node
    unsafe slab.pointee.outstanding &-= 1
    if unsafe slab.pointee.isClosed && slab.pointee.outstanding == 0 {
      unsafe NetBufferListSlab.free(slab)
    }
  }
}

/// What a frame carries beside its bytes; all zero when it is taken from the pool.
struct NetBufferListFields: BitwiseCopyable {
  var byteCount = 0
  var storedByteCount = 0
  var dataOffset = 0
  var wireByteCount = 0
  var timestampNanoseconds: UInt64 = 0
  var cancelID: UInt64 = 0
  var sourceID: UInt64 = 0
  var status: Int32 = 0
  var vlan: UInt16 = 0
}

/// The memory of a pool: nodes and their buffers, in two allocations.
///
/// It lives until the pool is closed *and* the last frame is back, so that no frame can dangle.
@safe
struct NetBufferListSlab {
  var free: UnsafeMutablePointer<NetBufferListNode>?
  var outstanding = 0
  var isClosed = false
  let nodes: UnsafeMutablePointer<NetBufferListNode>
  let storage: UnsafeMutableRawBufferPointer

  /// - Precondition: the product of both counts fits an `Int`.
  @unsafe
  static func allocate(
    capacity: Int, bufferByteCount: Int
  ) -> UnsafeMutablePointer<NetBufferListSlab> {
    let storage = UnsafeMutableRawBufferPointer.allocate(
      byteCount: capacity * bufferByteCount, alignment: 64)
    let nodes = UnsafeMutablePointer<NetBufferListNode>.allocate(capacity: capacity)
    let slab = UnsafeMutablePointer<NetBufferListSlab>.allocate(capacity: 1)
    unsafe slab.initialize(to: NetBufferListSlab(nodes: nodes, storage: storage))
    for index in (0..<capacity).reversed() {
      let start = index * bufferByteCount
      unsafe (nodes + index).initialize(
        to: NetBufferListNode(
          next: slab.pointee.free, pool: slab,
          storage: UnsafeMutableRawBufferPointer(
            rebasing: storage[start..<start + bufferByteCount])))
      unsafe slab.pointee.free = nodes + index
    }
    return unsafe slab
  }

  @unsafe
  static func free(_ slab: UnsafeMutablePointer<NetBufferListSlab>) {
    unsafe slab.pointee.nodes.deallocate()
    unsafe slab.pointee.storage.deallocate()
    unsafe slab.deallocate()
  }
}
