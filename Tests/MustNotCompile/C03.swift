// C3: a builder outlives the array whose bytes it holds.
// error: lifetime-dependent variable 'builder' escapes its scope
import MDL

func check() throws {
  var builder = MDLChainBuilder<4>()
  #if OK
    let bytes: [UInt8] = [1]
    try builder.append(bytes.span.bytes)
    _ = builder.byteCount
  #else
    do {
      let bytes: [UInt8] = [1]
      try builder.append(bytes.span.bytes)
    }
    _ = builder.byteCount
  #endif
}
