import MDL
import Testing

@Suite("EthernetHeader")
struct EthernetHeaderTests {
  @Test("mdl T35: a tagged header is read across every cut, with an empty segment at the cut", arguments: 0...20)
  func everyCut(cut: Int) throws {
    let frame: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0x60, 0x2A, 8, 0, 0x45, 0]
    var builder = MDLChainBuilder<3>()
    try builder.append(frame.span.bytes.extracting(0..<cut))
    try builder.append(RawSpan())
    try builder.append(frame.span.bytes.extracting(cut..<20))
    let header = builder.chain.span.ethernetHeader
    #expect(header?.vlanTag == 0x602A)
    #expect(header?.source.description == "07:08:09:0a:0b:0c")
    #expect(MACAddress("07-08-09-0A-0b-0c") == header?.source)
  }
}
