// C20: a region is used after it was appended.
// error: 'region' used after consume
import MDL

func check() throws {
  var buffer = MDLBuffer(byteCount: 8)
  var builder = MutableMDLChainBuilder<4>()
  var region = buffer.mutableBytes
  #if OK
    try builder.append(region.splitFirst(4))
    _ = region.byteCount
  #else
    try builder.append(region)
    _ = region.byteCount
    region = MutableRawSpan()
  #endif
}
