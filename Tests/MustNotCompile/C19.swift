// C19: two writable spans of one chain are in use.
// error: overlapping accesses to 'chain'
import MDL

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  try builder.append(buffer.mutableBytes)
  var chain = builder.mutableChain
  #if OK
    var second = try chain.span()
    var first = try second.splitFirst(4)
    first.zeroBytes()
    second.zeroBytes()
  #else
    var first = try chain.span(from: 0, byteCount: 4)
    var second = try chain.span(from: 4)
    first.zeroBytes()
    second.zeroBytes()
  #endif
}
