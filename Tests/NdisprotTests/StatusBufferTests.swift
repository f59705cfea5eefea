import NDIS
import Testing

@testable import Ndisprot

@Suite("StatusBuffer")
struct StatusBufferTests {
  private func statuses(_ buffer: StatusBuffer, _ count: Int) -> [UInt8] {
    let bytes = buffer.bytes(count: count)
    return (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
  }

  @Test("success is all zeros: what is never written says it")
  func success() {
    #expect(CompletionStatus.success == CompletionStatus(NTStatus(rawValue: 0), .success, 0))
    #expect(NDISStatus.success.rawValue == 0)
    #expect(statuses(StatusBuffer(frameCount: 3), 3) == [UInt8](repeating: 0, count: 36))
  }

  @Test(
    "messages one after another, with frames that failed and frames that were sent: each has its own statuses, also in a copy",
    arguments: 1...50)
  func messages(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let shared = StatusBuffer(frameCount: 100)
    for _ in 0..<40 {
      let count = Int.random(in: 1...100, using: &generator)
      var expected: [CompletionStatus] = []
      var buffer = shared
      while expected.count < count {
        if Int.random(in: 0..<6, using: &generator) == 0 {
          buffer.set(expected.count, .frameTooLong)
          expected.append(.frameTooLong)
        } else {
          let sent = min(Int.random(in: 1...30, using: &generator), count - expected.count)
          buffer.setSuccess(from: expected.count, sent)
          expected += Array(repeating: .success, count: sent)
        }
        if Int.random(in: 0..<20, using: &generator) == 0 {
          buffer = StatusBuffer(frameCount: count, copying: buffer, count: expected.count)
        }
      }
      let bytes = expected.flatMap { status in
        [UInt8](
          littleEndian: status.ntStatus.rawValue, status.ndisStatus.rawValue,
          UInt32(bitPattern: status.errno))
      }
      #expect(statuses(buffer, count) == bytes)
    }
  }

  @Test("an index beyond the room is ignored")
  func beyond() {
    let buffer = StatusBuffer(frameCount: 2)
    buffer.set(2, .frameTooLong)
    buffer.set(-1, .frameTooLong)
    buffer.setSuccess(from: 1, 5)
    #expect(statuses(buffer, 2) == [UInt8](repeating: 0, count: 24))
  }
}
