// C18: a writable chain is copied to from its own bytes.
// error: overlapping accesses to 'chain'
import MDL

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  try builder.append(buffer.mutableBytes)
  var chain = builder.mutableChain
  #if OK
    let source: [UInt8] = [1, 2, 3, 4]
    try chain.copyBytes(MDLSpan(source.span.bytes), to: 2)
  #else
    let source = try chain.chain.span(from: 0, byteCount: 4)
    try chain.copyBytes(source, to: 2)
  #endif
}
