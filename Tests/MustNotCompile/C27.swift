// C27: a list is put in a queue while its span is in use.
// error: cannot be consumed when captured by an escaping closure or borrowed by a non-Escapable type
import MDL

func read(_ list: borrowing NetBufferList) -> Int { list.span.byteCount }

func check() throws {
  let pool = NetBufferListPool(capacity: 4)
  guard let list = pool.take() else { return }
  var queue = NetBufferListQueue()
  #if OK
    _ = read(list)
    queue.append(list)
  #else
    let span = list.span
    queue.append(list)
    _ = span.byteCount
  #endif
}
