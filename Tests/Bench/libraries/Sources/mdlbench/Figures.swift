internal import MDL

/// The figures that are no race: headers, iteration, building, refusing.
enum Figures {
  static func all() throws -> [(name: String, nanoseconds: Double)] {
    let memory = [UInt8](repeating: 0x81, count: 1514)
    let bytes = memory.span.bytes
    var (cut, many) = (MDLChainBuilder<2>(), MDLChainBuilder<64>())
    try cut.append(bytes.extracting(0..<13))
    try cut.append(bytes.extracting(13..<1514))
    for index in 0..<64 { try many.append(bytes.extracting(index * 16..<index * 16 + 16)) }
    let (flat, chain, long) = (MDLSpan(bytes), cut.chain, many.chain)
    let straddling = chain.span
    var sum = 0
    return [
      ("header of a flat frame", time { for _ in 0..<$0 { header(flat, &sum) } }),
      ("header across a boundary", time { for _ in 0..<$0 { header(straddling, &sum) } }),
      ("iteration over 64 regions", time { for _ in 0..<$0 { iterate(long, &sum) } }),
      ("a chain of 8 segments built", time { for _ in 0..<$0 { try? buildEight(bytes, &sum) } }),
      ("a range refused", time { for _ in 0..<$0 { refuse(chain, &sum) } }),
    ]
  }
}
