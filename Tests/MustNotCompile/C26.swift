// C26: a queue is split into one queue twice.
// error: overlapping accesses to 'side'
import MDL

func check() throws {
  var queue = NetBufferListQueue()
  var side = NetBufferListQueue()
  #if OK
    var other = NetBufferListQueue()
    queue.partition(into: &side, &other) { _ in true }
  #else
    queue.partition(into: &side, &side) { _ in true }
  #endif
}
