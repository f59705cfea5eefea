import Glibc
import MDL
import Testing

@Suite("MDLBuffer and MappedRegion")
struct StorageTests {
  @Test(
    "a buffer is zeroed, aligned as asked, and keeps what is written", arguments: [1, 64, 4096])
  func buffer(alignment: Int) {
    var buffer = MDLBuffer(byteCount: 100, alignment: alignment)
    let address = buffer.bytes.withUnsafeBytes { UInt(bitPattern: $0.baseAddress) }
    #expect(address % UInt(alignment) == 0)
    #expect(buffer.byteCount == 100)
    let before = array(buffer.bytes)
    #expect(before == [UInt8](repeating: 0, count: 100))
    buffer.withMutableBytes { bytes in bytes.withUnsafeMutableBytes { $0.update(7) } }
    let after = buffer.withBytes { array($0) }
    #expect(after == [UInt8](repeating: 7, count: 100))
  }

  @Test("a buffer of no bytes gives empty views")
  func emptyBuffer() {
    var buffer = MDLBuffer(byteCount: 0, wipeOnFree: true)
    let count = buffer.bytes.byteCount
    let mutableCount = buffer.mutableBytes.byteCount
    #expect(count == 0)
    #expect(mutableCount == 0)
  }

  @Test("a region is whole zeroed pages and keeps what is written")
  func region() throws {
    var region = try MappedRegion(byteCount: 10_000)
    #expect(region.byteCount == 10_000)
    let address = region.bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
    #expect(address % sysconf(Int32(_SC_PAGESIZE)) == 0)
    let sum = region.withBytes { array($0).reduce(0) { $0 + Int($1) } }
    #expect(sum == 0)
    var span = MutableMDLSpan(region.mutableBytes)
    span.fillBytes(with: 3)
    let last = region.withBytes { array($0.extracting(last: 2)) }
    #expect(last == [3, 3])
  }

  @Test("a region that the kernel cannot map is an error", arguments: [0, -1, Int.min])
  func noBytes(byteCount: Int) {
    #expect(throws: MappingError.map(errno: EINVAL)) {
      _ = try MappedRegion(byteCount: byteCount).byteCount
    }
  }

  @Test("a region larger than the address space is an error, not a crash")
  func tooLarge() {
    #expect(throws: MappingError.map(errno: ENOMEM)) {
      _ = try MappedRegion(byteCount: 1 << 60).byteCount
    }
  }

  @Test("mdl T32: prefaulting makes every page resident")
  func prefault() throws {
    let page = sysconf(Int32(_SC_PAGESIZE))
    let region = try MappedRegion(byteCount: 16 * page)
    #expect(Self.residentPages(region) == 0)
    try region.prefault()
    #expect(Self.residentPages(region) == 16)
  }

  private static func residentPages(_ region: borrowing MappedRegion) -> Int {
    region.withBytes { bytes in
      bytes.withUnsafeBytes { memory in
        var states = [UInt8](repeating: 0, count: 16)
        mincore(UnsafeMutableRawPointer(mutating: memory.baseAddress), memory.count, &states)
        return states.count { $0 & 1 != 0 }
      }
    }
  }
}

@Suite("ReceivedFrame")
struct ReceivedFrameTests {
  @Test("a frame is truncated when the wire carried more than was captured", arguments: [60, 61])
  func truncation(wireByteCount: Int) {
    let bytes = [UInt8](repeating: 1, count: 60)
    let frame = ReceivedFrame(
      bytes: bytes.span.bytes, wireByteCount: wireByteCount, timestampNanoseconds: 5, flags: 2)
    let (isTruncated, byteCount) = (frame.isTruncated, frame.span.byteCount)
    let (timestamp, flags) = (frame.timestampNanoseconds, frame.flags)
    #expect(isTruncated == (wireByteCount > 60))
    #expect(byteCount == 60)
    #expect(timestamp == 5)
    #expect(flags == 2)
  }
}
