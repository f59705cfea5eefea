// C4: a chain is returned whose builder is a local variable.
// error: lifetime-dependent value escapes its scope
// flags: -enable-experimental-feature Lifetimes
import MDL

@_lifetime(copy bytes)
func check(_ bytes: RawSpan) throws -> MDLSpan {
  #if OK
    return MDLSpan(bytes)
  #else
    var builder = MDLChainBuilder<4>()
    try builder.append(bytes)
    return builder.chain.span
  #endif
}
