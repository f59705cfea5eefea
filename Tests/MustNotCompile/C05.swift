// C5: a builder is appended to while its chain is in use.
// error: overlapping accesses to 'builder', but modification requires exclusive access
import MDL

func check() throws {
  let bytes: [UInt8] = [1, 2, 3]
  var builder = MDLChainBuilder<4>()
  #if OK
    do {
      let chain = builder.chain
      _ = chain.byteCount
    }
    try builder.append(bytes.span.bytes)
  #else
    let chain = builder.chain
    try builder.append(bytes.span.bytes)
    _ = chain.byteCount
  #endif
}
