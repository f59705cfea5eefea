// C21: a writable chain is copied.
// error: 'chain' used after consume
import MDL

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  try builder.append(buffer.mutableBytes)
  var chain = builder.mutableChain
  #if OK
    try chain.zeroBytes()
    let moved = chain
    _ = moved.byteCount
  #else
    let copy = chain
    try chain.zeroBytes()
    _ = copy.byteCount
  #endif
}
