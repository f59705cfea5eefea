import Glibc
import MDL
import Miniport
import NDIS
import Platform
import TestSupport
import Testing

/// Reads each frame's header where it lies, and keeps nothing but numbers.
private final class InPlaceReceiver: ReceiveHandler {
  struct Seen {
    var frames = 0
    var expectedHeaders = 0
    var outsideOfRing = 0
  }
  let seen = UnsafeMutablePointer<Seen>.allocate(capacity: 1)
  var ring: [Range<UInt>] = []

  override init() { seen.initialize(to: Seen()) }
  deinit { seen.deallocate() }

  override func receive(_ frame: ReceivedFrame) -> Bool {
    seen.pointee.frames &+= 1
    if frame.span.ethernetHeader?.etherType == 0x88B5 { seen.pointee.expectedHeaders &+= 1 }
    let address = frame.bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    for range in ring where range.contains(address) { return true }
    seen.pointee.outsideOfRing &+= 1
    return true
  }
}

extension OnVeth {
  @Suite("A frame in place")
  struct FrameInPlaceTests {
    @Test(
      "mdl T52: each frame's header is read where the kernel put it, in the mapped ring",
      arguments: CaptureProfile.allCases)
    func inRing(profile: CaptureProfile) throws {
      let receiver = InPlaceReceiver()
      let bench = try Bench(isUp: true, receiver)
      let before = socketMappings()
      try bench.activate([0x88B5], profile: profile, ringByteCount: 2 << 20)
      receiver.ring = socketMappings().filter { !before.contains($0) }
      #expect(receiver.ring.count == 1)
      try bench.peer.send((0..<300).map { EthernetFrame.make(number: $0) })
      try bench.peer.send(EthernetFrame.make(byteCount: 64, tag: [0x81, 0, 0, 1]))
      bench.turn { receiver.seen.pointee.frames >= 301 }
      #expect(receiver.seen.pointee.frames == 301)
      #expect(receiver.seen.pointee.expectedHeaders == 301)
      #expect(receiver.seen.pointee.outsideOfRing == 0)
      bench.deactivate()
    }
  }
}

/// Where sockets' rings are mapped in this process.
private func socketMappings() -> [Range<UInt>] {
  guard let file = fopen("/proc/self/maps", "r") else { return [] }
  defer { fclose(file) }
  var ranges: [Range<UInt>] = []
  var line = [CChar](repeating: 0, count: 512)
  while fgets(&line, Int32(line.count), file) != nil {
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard text.contains("socket:["), let addresses = text.split(separator: " ").first else {
      continue
    }
    let ends = addresses.split(separator: "-").compactMap { UInt($0, radix: 16) }
    if ends.count == 2 { ranges.append(ends[0]..<ends[1]) }
  }
  return ranges
}
