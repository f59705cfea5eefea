// What a client module can do with neither the Lifetimes feature nor strict memory safety (T61):
// everything but return a span.
import MDL

func client() throws {
  let (header, payload) = ([UInt8](repeating: 1, count: 14), [UInt8](repeating: 2, count: 46))
  var builder = MDLChainBuilder<2>()
  try builder.append(header.span.bytes)
  try builder.append(payload.span.bytes)
  let chain = builder.chain
  var rest = chain.span
  while !rest.isEmpty {
    let piece = try rest.splitFirst(min(8, rest.byteCount))
    piece.forEachRegion { _ = $0.byteCount }
  }
  _ = chain.span.ethernetHeader?.etherType
  chain.withUnsafeIOVectors { _ = $0.count }
  receive { frame in _ = frame.span.ethernetHeader }

  var buffer = MDLBuffer(byteCount: 60)
  var region = buffer.mutableBytes
  var writable = MutableMDLChainBuilder<2>()
  try writable.append(region.splitFirst(20))
  try writable.append(region)
  var target = writable.mutableChain
  try target.copyBytes(chain.span, to: 0)
  try target.zeroBytes(from: 14)
}
