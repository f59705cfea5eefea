// C24: one list is put in a queue twice.
// error: 'list' consumed more than once
import MDL

func check() throws {
  let pool = NetBufferListPool(capacity: 4)
  guard let list = pool.take() else { return }
  var queue = NetBufferListQueue()
  #if OK
    queue.append(list)
    _ = queue.count
  #else
    queue.append(list)
    queue.append(list)
  #endif
}
