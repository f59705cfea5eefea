import FrameDecoding
import TestSupport
import Testing

/// A frame from hexadecimal digits behind a header, filled up to what a wire carries.
private func frame(_ type: String, _ payload: String, padding: Int = 0) -> [UInt8] {
  let digits = ("0180c200000e020000000005" + type + payload).compactMap(\.hexDigitValue)
  let bytes = stride(from: 0, to: digits.count - 1, by: 2).map {
    UInt8(digits[$0] << 4 | digits[$0 + 1])
  }
  return bytes + [UInt8](repeating: 0, count: padding)
}

private func decode(_ bytes: [UInt8], originalLength: Int = 0) -> DecodedFrame {
  FrameDecoder.decode(bytes.span.bytes, originalLength: UInt32(originalLength))
}

extension DecodedFrame {
  fileprivate var line: String {
    ([protocolName] + fields.map { "\($0.name)=\($0.value.text)" }).joined(separator: " ")
  }
}

@Suite("Frames taken apart")
struct FrameDecoderTests {
  @Test(
    "each protocol is shown with what it says",
    arguments: [
      (
        "88cc", "0207 04 020000000001 0403 056c 30 0602 0078 0a03 737731 0e04 00140004 0000",
        "lldp chassis=02:00:00:00:00:01 port=l0 ttl=120 system=sw1 capabilities=bridge+router enabled=bridge"
      ),
      ("888e", "0201 0000", "eapol version=2 type=start"),
      (
        "888e", "0100 0009 0207 0009 01 616c6963",
        "eapol version=1 type=eap code=response id=7 method=identity identity=alic"
      ),
      (
        "0806", "0001 0800 06 04 0001 020000000005 0a000001 000000000000 0a000002",
        "arp operation=request sender=02:00:00:00:00:05 sender-ip=10.0.0.1 target=00:00:00:00:00:00 target-ip=10.0.0.2"
      ),
      (
        "88f7",
        "00 02 002c 00 00 0200 0000000000000000 00000000 020000fffe000005 0001 0007 00 00 000000000005 0000000a",
        "ptp type=sync version=2 domain=0 flags=0x0200 clock=02:00:00:ff:fe:00:00:05 port=1 sequence=7 time=5.000000010"
      ),
      (
        "8892", "fefe 05 00 00000001 0001 0004 ffff 0000",
        "profinet frame-id=0xfefe service=identify kind=request xid=0x00000001 delay=1 filter=all"
      ),
      (
        "8892", "feff 05 01 00000001 0000 000a 0202 0005 0000 616263 00",
        "profinet frame-id=0xfeff service=identify kind=response xid=0x00000001 delay=0 station=abc"
      ),
      (
        "88a4", "0e10 07 05 0000 3001 0200 0000 aabb 0300",
        "ethercat type=command command=brd index=5 address=0x0000 offset=0x0130 data=2 working-counter=3 datagrams=1"
      ),
      (
        "0026",
        "424203 0000 00 00 00 8000020000000001 00000004 8001020000000002 8001 0100 1400 0200 0f00 000000",
        "stp version=stp type=configuration flags=0x00 root=32768.0/02:00:00:00:00:01 cost=4 "
          + "bridge=32768.1/02:00:00:00:00:02 port=0x8001 age=1 max-age=20 hello=2 delay=15"
      ),
      (
        "8809", "01 01 0114 8000 020000000001 0011 00ff 0001 3d 000000 00 00",
        "lacp version=1 actor=32768/02:00:00:00:00:01 actor-key=17 actor-port=255/1 "
          + "actor-state=active+aggregatable+synchronized+collecting+distributing"
      ),
      ("8808", "0001 00ff", "pause quanta=255"),
      ("8808", "0101 0005 0001 0002 0003 0004 0005 0006 0007 0008", "pfc priority0=1 priority2=3"),
      (
        "0800", "45 00 0020 0000 4000 40 11 0000 0a000001 0a000002 0035 1234 000c 0000 00000000",
        "ipv4 length=32 ttl=64 source=10.0.0.1 destination=10.0.0.2 next=udp source-port=53 destination-port=4660"
      ),
      (
        "86dd",
        "60000000 0004 3a ff fe800000000000000000000000000001 ff0200000000000000000000000000fb 00000000",
        "ipv6 length=4 hop-limit=255 source=fe80::1 destination=ff02::fb next=icmpv6"
      ),
      ("0005", "e0e003 ffff", "llc dsap=0xe0 ssap=0xe0 control=0x03 payload=2"),
      ("000a", "aaaa03 00000c 2000 0102", "snap organization=00:00:0c type=0x2000 payload=2"),
      (
        "0024",
        "aaaa03 000000 0806 0001 0800 06 04 0002 020000000005 0a000001 000000000000 0a000002",
        "arp operation=reply sender=02:00:00:00:00:05 sender-ip=10.0.0.1 target=00:00:00:00:00:00 target-ip=10.0.0.2"
      ),
      ("88b5", "01020304", "local payload=4"),
      ("1234", "01020304", "0x1234 payload=4"),
    ])
  func protocols(type: String, payload: String, line: String) {
    let decoded = decode(frame(type, payload))
    #expect(decoded.line == line && decoded.fault == nil)
    // Padding that the wire asks for changes nothing.
    let padded = decode(frame(type, payload, padding: 30))
    #expect(padded.fault == nil, "\(padded.line)")
  }

  @Test("tags have VLAN and priority, and what is behind them is looked into")
  func tags() {
    let decoded = decode(frame("88a8", "6064 8100 b02a 888e 0201 0000"))
    #expect(decoded.tags.map(\.vlan) == [100, 42] && decoded.tags.map(\.priority) == [3, 5])
    #expect(decoded.tags.map(\.isDropEligible) == [false, true])
    #expect(decoded.protocolName == "eapol" && decoded.etherType == 0x888E)
  }

  @Test(
    "a length that cannot be makes a frame malformed, and what came before stays",
    arguments: [
      ("88cc", "0207 04 020000000001 04ff 05"), ("88cc", "0403 056c 30"), ("88cc", ""),
      ("888e", "0201 0010"), ("888e", "0100 0004 0207 0003"), ("0806", "0001 0800 06"),
      ("0800", "44 00 0020"), ("0800", "65"), ("86dd", "60000000 0100"), ("88a4", "ff17 07"),
      ("8809", "01 01 0101"), ("88f7", "0002 0005"), ("0100", "aaaa03"), ("8808", "00"),
      ("8892", "fefe 05 00 00000001 0001 0400"), ("0003", "4242"), ("0026", "424203 0001"),
    ])
  func malformed(type: String, payload: String) {
    #expect(decode(frame(type, payload)).fault != nil)
  }

  @Test("a frame that was cut by the capture is not malformed")
  func cut() {
    let bytes = frame("88cc", "0207 04 0200")
    let decoded = decode(bytes, originalLength: 200)
    #expect(decoded.isCut && decoded.fault == nil)
    #expect(decode([2, 0, 0]).fault != nil && decode([]).protocolName == "short")
  }

  @Test("text of a stranger cannot steer a terminal")
  func text() {
    let decoded = decode(
      frame("88cc", "0207 04 020000000001 0403 056c 30 0602 0078 0a06 1b5b324a0a41"))
    let system = decoded["system"]?.text ?? ""
    #expect(system.unicodeScalars.allSatisfy { $0.value >= 0x20 } && system.hasSuffix("A"))
  }

  @Test("random bytes behind every header never trap, nor do they take long")
  func random() {
    var random = SplitMix64(state: 7)
    let types: [[UInt8]] = [
      [0x08, 0], [0x86, 0xDD], [0x08, 6], [0x88, 0xCC], [0x88, 0x8E], [0x88, 0xF7], [0x88, 0x92],
      [0x88, 0xA4], [0x88, 9], [0x88, 8], [0, 40], [0x81, 0, 0, 1, 0, 30],
    ]
    for round in 0..<20_000 {
      var bytes = EthernetFrame.destination + EthernetFrame.source + types[round % types.count]
      for _ in 0..<Int.random(in: 0...80, using: &random) {
        bytes.append(
          [0, 1, 2, 3, 0x42, 0xAA, .random(in: 0...255, using: &random)].randomElement(
            using: &random) ?? 0)
      }
      let decoded = decode(bytes, originalLength: bytes.count)
      #expect(decoded.fields.count < 60 && !decoded.isCut)
    }
  }
}
