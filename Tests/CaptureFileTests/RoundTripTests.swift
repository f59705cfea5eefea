import CaptureFile
import Glibc
import TestSupport
import Testing

/// Files of every shape that the standards allow go in and come out as the same frames at the same times, as
/// Wireshark's editcap sees them: both files become one of its own, and these are equal to the byte.
@Suite("Capture files, in and out", .enabled(if: Editcap.isThere, "there is no editcap"))
struct RoundTripTests {
  @Test(
    "pcap of both byte orders and units goes in and out, byte for byte", arguments: [false, true],
    [false, true])
  func pcap(isBigEndian: Bool, isNano: Bool) throws {
    var random = SplitMix64(state: isBigEndian ? 7 : 8)
    var file = Bytes(bigEndian: isBigEndian)
    file.add((isNano ? 0xA1B2_3C4D : 0xA1B2_C3D4) as UInt32)
    file.add(2, 4 as UInt16)
    file.add(0, 0, 262_144, 1 as UInt32)
    for frame in Frames.all(&random) {
      let unit: UInt32 = .random(in: 0..<(isNano ? 1_000_000_000 : 1_000_000), using: &random)
      file.add(.random(in: 0...0x7FFF_FFFF, using: &random), unit, UInt32(frame.bytes.count))
      file.add(frame.originalLength)
      file.all += frame.bytes
    }
    try Editcap.compare(file.all)
  }

  @Test(
    "pcapng with several sections, interfaces, units and all kinds of blocks goes in and out",
    arguments: 0..<16)
  func pcapng(seed: UInt64) throws {
    var random = SplitMix64(state: seed)
    // A section may have either order, whatever the one before had.
    var file: [UInt8] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) { file += Self.section(&random) }
    try Editcap.compare(file)
  }

  private static func section(_ random: inout SplitMix64) -> [UInt8] {
    var section = Bytes(bigEndian: .random(using: &random))
    section.block(0x0A0D_0D0A) {
      $0.add(0x1A2B_3C4D as UInt32)
      $0.add(1, 0 as UInt16)
      $0.add(-1 as Int64)
      options(&$0, [2, 3, 4], &random)
    }
    let resolutions: [UInt8] = (0..<Int.random(in: 1...4, using: &random)).map { _ in
      [6, 9, 3, 0].randomElement(using: &random) ?? 6
    }
    for resolution in resolutions {
      section.block(1) {
        $0.add(1, 0 as UInt16)
        $0.add(.random(using: &random) ? 0 : 262_144 as UInt32)
        if resolution != 6 { $0.option(9, [resolution]) }
        options(&$0, [2, 3, 11, 12], &random)
      }
    }
    for frame in Frames.all(&random) {
      strange(&section, resolutions.count, &random)
      let interface = Int.random(in: 0..<resolutions.count, using: &random)
      let second: UInt64 = [0: 1, 3: 1_000, 6: 1_000_000][resolutions[interface]] ?? 1_000_000_000
      // What editcap can say in nanoseconds.
      let time = UInt64.random(in: 0..<2_000_000_000 * second, using: &random)
      section.block(6) {
        $0.add(UInt32(interface), UInt32(time >> 32), UInt32(truncatingIfNeeded: time))
        $0.add(UInt32(frame.bytes.count), frame.originalLength)
        $0.all += frame.bytes
        $0.pad()
        guard .random(using: &random) else { return }
        $0.option(1, Array("a comment".utf8))
        if .random(using: &random) {
          var flags = Bytes(bigEndian: $0.isBigEndian)
          flags.add(UInt32.random(in: 0...31, using: &random))
          $0.option(2, flags.all)
        }
        $0.option(2_988, [0, 0, 0, 9, 7])
        if .random(using: &random) { $0.add(0 as UInt32) }
      }
    }
    return section.all
  }

  private static func options(
    _ body: inout Bytes, _ codes: [UInt16], _ random: inout SplitMix64
  ) {
    guard .random(using: &random) else { return }
    for code in codes where .random(using: &random) {
      let text = Array("option \(code)".utf8).prefix(.random(in: 1...8, using: &random))
      body.option(code, (code == 11 ? [0] : []) + text)
    }
    body.add(0 as UInt32)
  }

  /// A block that has no frame, or is obsolete; blocks of others, which editcap does not pass over, are in
  /// GoldenFileTests.
  private static func strange(
    _ section: inout Bytes, _ interfaceCount: Int, _ random: inout SplitMix64
  ) {
    switch Int.random(in: 0..<10, using: &random) {
    case 0:
      section.block(5) {
        $0.add(UInt32.random(in: 0..<UInt32(interfaceCount), using: &random), 0, 0)
        var count = Bytes(bigEndian: $0.isBigEndian)
        count.add(UInt64.random(in: 0...9, using: &random))
        $0.option(5, count.all)
        $0.add(0 as UInt32)
      }
    case 1:
      section.block(4) {
        $0.add(1, 7 as UInt16)
        $0.all += [10, 0, 0, 1, 97, 98, 0]
        $0.pad()
        $0.add(0 as UInt32)
      }
    case 2:
      section.block(2) {
        $0.add(0, 3 as UInt16)
        $0.add(0, 99, 2, 60 as UInt32)
        $0.all += [4, 5, 0, 0]
      }
    default: break
    }
  }
}

/// Frames of lengths at which something could go wrong.
private enum Frames {
  struct Frame {
    let bytes: [UInt8]
    let originalLength: UInt32
  }

  static func all(_ random: inout SplitMix64) -> [Frame] {
    let lengths =
      [0, 1, 2, 3, 13, 14, 60, 1_514, 9_018, 65_535, 65_536, 262_144]
      + (0..<8).map { _ in Int.random(in: 0...2_000, using: &random) }
    return lengths.shuffled(using: &random).map { length in
      let first = UInt8.random(in: 0...255, using: &random)
      let bytes = (0..<length).map { first &+ UInt8(truncatingIfNeeded: $0) }
      let cut: Int = .random(using: &random) ? 0 : .random(in: 0...99, using: &random)
      return Frame(bytes: bytes, originalLength: UInt32(length + cut))
    }
  }
}

/// Wireshark's program for capture files, as a witness of what is in one.
private enum Editcap {
  static let path = "/usr/bin/editcap"
  static var isThere: Bool { access(path, X_OK) == 0 }

  /// Reads a file, writes its frames in both formats, and compares what editcap makes of each.
  static func compare(_ file: [UInt8]) throws {
    let original = try converted(file)
    for format in CaptureFormat.allCases {
      let copy = try copy(file, format)
      #expect(try converted(copy) == original, "\(format)")
    }
  }

  /// What reading and writing makes of a file.
  private static func copy(_ file: [UInt8], _ format: CaptureFormat) throws -> [UInt8] {
    let reading = Reading(file, step: 70_000)
    try #require(reading.error == nil, "\(String(describing: reading.error))")
    var writer = CaptureWriter(format)
    // Places of interfaces begin again with each section: four are the most that there are.
    let interfaces = [CaptureInterface](repeating: CaptureInterface(), count: 4)
    writer.appendHead(
      format == .pcap ? Array(interfaces.prefix(1)) : interfaces, program: "p", system: "s")
    for (frame, bytes) in zip(reading.frames, reading.bytes) {
      writer.append(frame, bytes: bytes)
    }
    return writer.array
  }

  /// The file as editcap writes it: pcap with nanoseconds, where nothing else is left.
  private static func converted(_ file: [UInt8]) throws -> [UInt8] {
    let folder = try #require(mkdtemp(strdup("/tmp/round-XXXXXX")).map { String(cString: $0) })
    defer {
      for name in ["in", "out"] { unlink("\(folder)/\(name)") }
      rmdir(folder)
    }
    try write(file, to: "\(folder)/in")
    let command = "\(path) -F nsecpcap \(folder)/in \(folder)/out"
    try #require(system(command) == 0, "editcap does not read it")
    return try read("\(folder)/out")
  }

  private static func write(_ bytes: [UInt8], to path: String) throws {
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    #expect(fwrite(bytes, 1, bytes.count, file) == bytes.count)
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let size = ftell(file)
    rewind(file)
    return [UInt8](unsafeUninitializedCapacity: size) { $1 = fread($0.baseAddress, 1, size, file) }
  }
}
