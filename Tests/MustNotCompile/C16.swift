// C16: an owner is read while a writable chain over it is in use.
// error: overlapping accesses to 'buffer'
import MDL

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  try builder.append(buffer.mutableBytes)
  #if OK
    var chain = builder.mutableChain
    try chain.zeroBytes()
    let bytes = buffer.bytes
    _ = bytes.byteCount
  #else
    let bytes = buffer.bytes
    var chain = builder.mutableChain
    try chain.zeroBytes()
    _ = bytes.byteCount
  #endif
}
