// C23: a queue is copied.
// error: 'queue' used after consume
import MDL

func check() throws {
  var queue = NetBufferListQueue()
  #if OK
    let moved = queue.take()
    _ = queue.count
    _ = moved.count
  #else
    let copy = queue
    _ = queue.count
    _ = copy.count
    queue = NetBufferListQueue()
  #endif
}
