import NDIS
import Testing

@testable import Miniport

@Suite("Frames of one dispatch")
struct ChunkTests {
  @Test(
    "a dispatch hands over no more records of the MTU than it may, and between 16 and 512 frames",
    arguments: [
      (mtu: 1_500, byteCount: 512 << 10, frames: 337),
      (mtu: 1_500, byteCount: 2 << 20, frames: 512),
      (mtu: 9_000, byteCount: 512 << 10, frames: 57),
      (mtu: 65_535, byteCount: 32 << 10, frames: 16),
      (mtu: 68, byteCount: 0, frames: 16),
      (mtu: .max, byteCount: .max, frames: 512),
    ] as [(mtu: UInt32, byteCount: Int, frames: Int)])
  func chunk(mtu: UInt32, byteCount: Int, frames: Int) {
    let options = PcapOptions(
      interfaceIndex: 1,
      CaptureConfiguration(
        ringByteCount: 2 << 20, dispatchByteCount: byteCount, etherTypes: .eapol, mtu: mtu),
      direction: .incoming)
    #expect(options.chunk == frames)
  }
}
