import CaptureFile
import Platform
import TestSupport
import Testing

@Suite("Hostile capture files")
struct HostileFileTests {
  private static func goodFile(_ format: CaptureFormat) -> [UInt8] {
    var writer = CaptureWriter(format)
    writer.appendHead([CaptureInterface(name: "np0")], program: "p", system: "s")
    for length in [0, 1, 60, 61, 1_514] {
      let frame = CaptureFrame(timestamp: 9, originalLength: UInt32(length), dropCount: 0)
      writer.append(
        frame, bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: length), count: length))
    }
    return writer.array
  }

  @Test(
    "a file cut anywhere gives the frames before the cut, and says where",
    arguments: CaptureFormat.allCases)
  func truncation(format: CaptureFormat) {
    let file = Self.goodFile(format)
    let whole = Reading(file)
    #expect(whole.error == nil && whole.bytes.map(\.count) == [0, 1, 60, 61, 1_514])
    for length in file.indices {
      let reading = Reading(Array(file.prefix(length)))
      #expect(whole.bytes.starts(with: reading.bytes), "cut at \(length)")
      if let error = reading.error {
        #expect(error.offset.map { $0 <= UInt64(length) } == true, "cut at \(length): \(error)")
      } else {
        #expect(reading.bytes.count < 5, "cut at \(length): nothing is missing")
      }
    }
  }

  @Test(
    "a source that gives a byte at a time gives the same frames", arguments: CaptureFormat.allCases)
  func drops(format: CaptureFormat) {
    let file = Self.goodFile(format)
    let (whole, slow) = (Reading(file), Reading(file, step: 1))
    #expect(slow.frames == whole.frames && slow.bytes == whole.bytes && slow.error == nil)
  }

  @Test(
    "a source that has nothing yet is asked again, and no byte of a block is lost or read twice")
  func pauses() {
    var unknown = Bytes()
    unknown.block(0x0BAD) { $0.all += [UInt8](repeating: 7, count: 600_000) }
    let file = Self.goodFile(.pcapng) + unknown.all + Self.goodFile(.pcapng)
    for (file, step) in [(file, 4_099), (Self.goodFile(.pcapng), 1), (Self.goodFile(.pcap), 1)] {
      let (whole, slow) = (Reading(file), Reading(file, step: step, pauses: true))
      #expect(slow.frames == whole.frames && slow.bytes == whole.bytes && slow.error == nil)
    }
    // What ends inside of a block that is passed over is no whole file.
    let cut = Reading(
      Self.goodFile(.pcapng) + unknown.all.prefix(500_000), step: 4_099, pauses: true)
    #expect(cut.error == .truncated(offset: UInt64(Self.goodFile(.pcapng).count)))
  }

  @Test("random changes never trap, and every error names an offset inside of the file")
  func randomChanges() {
    var random = SplitMix64(state: 23)
    for round in 0..<20_000 {
      var file = Self.goodFile(round % 4 == 0 ? .pcap : .pcapng)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let index = Int.random(in: 0..<min(file.count, 400), using: &random)
        file[index] =
          [0, 1, 3, 0x7F, 0x80, 0xFF, .random(in: 0...255, using: &random)]
          .randomElement(using: &random) ?? 0
      }
      let reading = Reading(file)
      if let error = reading.error, let offset = error.offset {
        #expect(offset <= UInt64(file.count), "round \(round): \(error)")
      }
      #expect(reading.bytes.reduce(0) { $0 + $1.count } <= file.count, "round \(round)")
    }
  }

  private static func pcapng(_ fill: (inout Bytes) -> Void) -> [UInt8] {
    var file = Bytes()
    file.section()
    file.interface()
    fill(&file)
    return file.all
  }

  // A section of 28 bytes and an interface of 20 stand in front.
  @Test(
    "what is wrong is named with its offset",
    arguments: [
      ([], .malformed(offset: 0, .notCaptureFile)),
      (Array("GIF89a......".utf8), .malformed(offset: 0, .notCaptureFile)),
      (
        pcapng { $0.packet(1, [1]) },
        .malformed(offset: 56, .interface(1))
      ),
      (
        pcapng { $0.add(6, 13, 0 as UInt32) },
        .malformed(offset: 52, .blockLength(13))
      ),
      (
        pcapng { $0.add(6, 0xFFFF_FFFC, 0 as UInt32) },
        .malformed(offset: 52, .blockLength(0xFFFF_FFFC))
      ),
      (
        pcapng { $0.add(99, 12, 16 as UInt32) },
        .malformed(offset: 56, .blockEnd(16))
      ),
      (
        pcapng { $0.add(6, 32, 0, 0, 0, 1, 1, 32 as UInt32) },
        .malformed(offset: 68, .frameLength(1))
      ),
      (
        pcapng { $0.add(6, 36, 0, 0, 0, 0, 0, 2 | 9 << 16, 36 as UInt32) },
        .malformed(offset: 76, .option(2))
      ),
      (pcapng { $0.add(0xBAD, 0xFFFF_FFF0, 0 as UInt32) }, .truncated(offset: 48)),
    ] as [([UInt8], CaptureFileError)])
  func defects(file: [UInt8], error: CaptureFileError) {
    let reading = Reading(file)
    #expect(reading.error == error && reading.frames.isEmpty)
    #expect(error.offset.map { error.words.contains("\($0)") || $0 == 0 } == true)
  }

  @Test("a source that fails is an error of the source")
  func sourceFails() {
    var reader = CaptureReader { _ throws(SystemError) in throw SystemError(errno: 5, call: "read")
    }
    #expect(throws: CaptureFileError.unreadable(SystemError(errno: 5, call: "read"))) {
      _ = try reader.next()
    }
  }
}
