internal import MDL

// One operation each. Those that write memory cannot be moved out of a timed loop; those that only
// read are not inlined, or have a store behind them that might change what they read.

func read(_ chain: MDLChain, _ count: Int, into out: inout MutableRawSpan) {
  do { try chain.span(from: 0, byteCount: count).copyBytes(to: &out) } catch { unexpected(error) }
}

func write(_ chain: inout MutableMDLChain, _ source: RawSpan) {
  do { try chain.copyBytes(MDLSpan(source), to: 0) } catch { unexpected(error) }
}

func zero(_ chain: inout MutableMDLChain, _ count: Int) {
  do { try chain.zeroBytes(from: 0, byteCount: count) } catch { unexpected(error) }
}

func fill(_ chain: inout MutableMDLChain, _ count: Int) {
  do { try chain.fillBytes(with: 7, from: 0, byteCount: count) } catch { unexpected(error) }
}

func copy(_ chain: inout MutableMDLChain, _ source: MDLChain) {
  do { try chain.copyBytes(source.span, to: 0) } catch { unexpected(error) }
}

func equal(_ left: MDLChain, _ right: MDLChain, _ count: inout Int) {
  if left.span.bytesEqual(right.span) { count &+= 1 }
}

@inline(never)
func header(_ span: MDLSpan, _ sum: inout Int) {
  if let header = span.ethernetHeader { sum &+= Int(header.etherType) }
}

@inline(never)
func iterate(_ chain: MDLChain, _ sum: inout Int) {
  var regions = chain.span.makeRegionIterator()
  while let region = regions.next() { sum &+= region.byteCount }
}

@inline(never)
func buildEight(_ bytes: RawSpan, _ sum: inout Int) throws(MDLError) {
  var builder = MDLChainBuilder<8>()
  for index in 0..<8 { try builder.append(bytes.extracting(index &* 8..<index &* 8 &+ 8)) }
  sum &+= builder.chain.byteCount
}

@inline(never)
func refuse(_ chain: MDLChain, _ sum: inout Int) {
  do throws(MDLError) {
    sum &+= try chain.span(from: chain.byteCount &+ 1).byteCount
  } catch {
    sum &+= error == .outOfBounds ? 1 : 2
  }
}

func unexpected(_ error: MDLError) -> Never {
  preconditionFailure("a range of the benchmark was refused: \(error)")
}
