// C17: one builder's readable and writable chains are in use together.
// error: overlapping accesses to 'builder'
import MDL

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  try builder.append(buffer.mutableBytes)
  #if OK
    var chain = builder.mutableChain
    try chain.zeroBytes()
    let readable = builder.chain
    _ = readable.byteCount
  #else
    let readable = builder.chain
    var chain = builder.mutableChain
    try chain.zeroBytes()
    _ = readable.byteCount
  #endif
}
