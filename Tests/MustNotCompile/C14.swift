// C14: the scratch is written while a view that may lie in it is in use.
// error: overlapping accesses to 'scratch'
import MDL

func check() throws {
  let bytes: [UInt8] = [1, 2, 3]
  var memory: [UInt8] = [0, 0, 0, 0]
  var elements = memory.mutableSpan
  var scratch = elements.mutableBytes
  #if OK
    do {
      let view = try MDLSpan(bytes.span.bytes).bytes(orCopiedTo: &scratch)
      _ = view.byteCount
    }
    scratch.storeBytes(of: 1, as: UInt8.self)
  #else
    let view = try MDLSpan(bytes.span.bytes).bytes(orCopiedTo: &scratch)
    scratch.storeBytes(of: 1, as: UInt8.self)
    _ = view.byteCount
  #endif
}
