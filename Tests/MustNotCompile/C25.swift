// C25: a queue is appended to itself.
// error: overlapping accesses to 'queue'
import MDL

func check() throws {
  var queue = NetBufferListQueue()
  #if OK
    var other = NetBufferListQueue()
    queue.append(contentsOf: &other)
  #else
    queue.append(contentsOf: &queue)
  #endif
}
