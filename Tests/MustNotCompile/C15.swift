// C15: an array is changed while a span of it is in use.
// error: overlapping accesses to 'bytes', but modification requires exclusive access
import MDL

func check() throws {
  var bytes: [UInt8] = [1, 2, 3]
  #if OK
    do {
      let span = MDLSpan(bytes.span.bytes)
      _ = span.byteCount
    }
    bytes.append(4)
  #else
    let span = MDLSpan(bytes.span.bytes)
    bytes.append(4)
    _ = span.byteCount
  #endif
}
