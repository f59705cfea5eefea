// C6: a builder is consumed while its chain is in use.
// error: overlapping accesses to 'builder', but deinitialization requires exclusive access
import MDL

func consumeBuilder(_ builder: consuming MutableMDLChainBuilder<4>) {}

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  try builder.append(buffer.mutableBytes)
  #if OK
    do {
      let chain = builder.chain
      _ = chain.byteCount
    }
    consumeBuilder(builder)
  #else
    let chain = builder.chain
    consumeBuilder(builder)
    _ = chain.byteCount
  #endif
}
