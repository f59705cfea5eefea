internal import MDL
public import Platform

/// Reads the frames of a capture file, pcapng or pcap of either byte order, one by one.
///
/// The contents of the file are not trusted: every length is checked against its block, and a block
/// against the file. Unknown blocks are skipped without being stored.
///
/// ```swift
/// var reader = CaptureReader { byteCount in try file.read(byteCount) }
/// while let frame = try reader.next() { print(frame.timestamp, reader.bytes.byteCount) }
/// ```
///
/// - Thread: one
/// - Complexity: O(1) per frame, no allocation except by the source
/// - Source: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap
public struct CaptureReader {
  /// The longest block that is stored; only hostile files have longer ones of a known type.
  static let maximumBlockByteCount: UInt32 = 16 << 20
  private static let chunkByteCount = 256 << 10

  private let source: (Int) throws(SystemError) -> [UInt8]
  /// What was read from the source and not consumed yet.
  private var buffer: [UInt8] = []
  private var position = 0
  /// The offset of the buffer's first byte in the file.
  private var base: UInt64 = 0
  /// For pcap: bytes of a frame's header, nanoseconds per unit, whether lengths may be swapped.
  private var pcapShape: (head: Int, unit: UInt64, isOld: Bool) = (16, 1, false)
  private var frameRange = 0..<0
  var isBigEndian = false
  /// How to interpret the times of the section's interfaces.
  var clocks: [CaptureClock] = []
  /// The interfaces of the current section; a pcap file has one.
  public internal(set) var interfaces: [CaptureInterface] = []
  /// The block that is being skipped.
  private var passage: Passage?
  /// The format; nil before the first `next`.
  public private(set) var format: CaptureFormat?

  /// Reads from a source, which returns at most as many bytes as requested, and none at its end.
  ///
  /// A source without data yet may throw, for example EAGAIN: the next call of `next` continues there.
  public init(_ source: @escaping (Int) throws(SystemError) -> [UInt8]) { self.source = source }

  /// A block that is skipped: its start, its length, and its remaining bytes before the last four.
  private struct Passage {
    let start: UInt64
    let length: UInt32
    var left: Int
  }

  /// The offset of the next block or frame.
  public var offset: UInt64 { base + UInt64(position) }

  /// The bytes of the frame that `next` returned last.
  public var bytes: RawSpan {
    @_lifetime(borrow self) get { unsafe buffer.span.bytes.extracting(frameRange) }
  }

  /// Reads the next frame.
  ///
  /// - Returns: nil after the last one
  /// - Throws: the error and its position; the previous frames were valid
  public mutating func next() throws(CaptureFileError) -> CaptureFrame? {
    frameRange = 0..<0
    if format == nil { try readHead() }
    while true {
      if let passage { try pass(passage) }
      guard try fill(1) else { return nil }
      if let frame = format == .pcap ? try nextOfPcap() : try nextBlock() { return frame }
    }
  }

  // MARK: pcap

  /// The first words of pcap files: the magic number, nanoseconds per unit, bytes of a frame's
  /// header.
  ///
  /// The third is Kuznetzov's, whose frames have eight more bytes in front.
  private static let magics: [(UInt32, unit: UInt64, head: Int)] = [
    (0xA1B2_C3D4, 1_000, 16), (0xA1B2_3C4D, 1, 16), (0xA1B2_CD34, 1_000, 24),
  ]

  private mutating func readHead() throws(CaptureFileError) {
    guard try fill(4) else { throw .malformed(offset: 0, .notCaptureFile) }
    if integer(0) as UInt32 == 0x0A0D_0D0A {
      format = .pcapng
      return
    }
    for order in [false, true] {
      isBigEndian = order
      let number: UInt32 = integer(0)
      guard let magic = Self.magics.first(where: { $0.0 == number }) else { continue }
      guard try fill(24) else { throw .truncated(offset: 0) }
      let (major, minor): (UInt16, UInt16) = (integer(4), integer(6))
      guard major == 2 else {
        throw .malformed(offset: 4, .version(major: major, minor: minor))
      }
      // The upper half is the length of the check sequence that frames of some interfaces have.
      let link = UInt16(truncatingIfNeeded: integer(20) as UInt32)
      interfaces = [CaptureInterface(linkType: link, snapLength: integer(16))]
      (format, pcapShape) = (.pcap, (magic.head, magic.unit, minor < 4))
      position += 24
      return
    }
    throw .malformed(offset: 0, .notCaptureFile)
  }

  private mutating func nextOfPcap() throws(CaptureFileError) -> CaptureFrame? {
    let (head, unit, isOld) = pcapShape
    guard try fill(head) else { throw .truncated(offset: offset) }
    let (seconds, rest): (UInt32, UInt32) = (integer(0), integer(4))
    var (length, original): (UInt32, UInt32) = (integer(8), integer(12))
    // Before version 2.4 they may be in reverse order.
    if isOld, length > original { swap(&length, &original) }
    guard length <= CaptureInterface.maximumFrameByteCount else {
      throw .malformed(offset: offset + 8, .frameLength(length))
    }
    guard try fill(head + Int(length)) else { throw .truncated(offset: offset) }
    frameRange = position + head..<position + head + Int(length)
    position += head + Int(length)
    return CaptureFrame(
      timestamp: UInt64(seconds) * 1_000_000_000 + UInt64(rest) * unit,
      originalLength: max(length, original))
  }

  // MARK: Blocks

  private mutating func nextBlock() throws(CaptureFileError) -> CaptureFrame? {
    guard try fill(12) else { throw .truncated(offset: offset) }
    let type: UInt32 = integer(0)
    // The number is the same in both byte orders: what follows determines the order from here on.
    if type == 0x0A0D_0D0A { try readByteOrder() }
    let length: UInt32 = integer(4)
    guard length >= 12, length % 4 == 0 else {
      throw .malformed(offset: offset + 4, .blockLength(length))
    }
    guard [0x0A0D_0D0A, 1, 2, 3, 6].contains(type) else {
      passage = Passage(start: offset, length: length, left: Int(length) - 4)
      return nil
    }
    guard length <= Self.maximumBlockByteCount else {
      throw .malformed(offset: offset + 4, .blockLength(length))
    }
    guard try fill(Int(length)) else { throw .truncated(offset: offset) }
    try checkEnd(length, at: Int(length) - 4)
    let frame = try read(type, Int(length))
    position += Int(length)
    return frame
  }

  private mutating func readByteOrder() throws(CaptureFileError) {
    isBigEndian = false
    let magic: UInt32 = integer(8)
    guard magic == 0x1A2B_3C4D || magic == 0x4D3C_2B1A else {
      throw .malformed(offset: offset + 8, .byteOrder(magic))
    }
    isBigEndian = magic == 0x4D3C_2B1A
  }

  private func checkEnd(_ length: UInt32, at place: Int) throws(CaptureFileError) {
    let end: UInt32 = integer(place)
    guard end == length else { throw .malformed(offset: offset + UInt64(place), .blockEnd(end)) }
  }

  /// Skips a block, a chunk at a time: it may be larger than memory.
  private mutating func pass(_ block: Passage) throws(CaptureFileError) {
    var block = block
    while block.left > 0 {
      let part = min(block.left, Self.chunkByteCount)
      guard try fill(part) else { throw .truncated(offset: block.start) }
      position += part
      block.left -= part
      passage = block
    }
    guard try fill(4) else { throw .truncated(offset: block.start) }
    try checkEnd(block.length, at: 0)
    position += 4
    passage = nil
  }

  /// The frame of this block has this many bytes, from `start` of the block on.
  mutating func takeFrame(
    from start: Int, _ byteCount: UInt32, lengthAt place: Int, blockEnd: Int
  ) throws(CaptureFileError) {
    guard byteCount <= CaptureInterface.maximumFrameByteCount, Int(byteCount) <= blockEnd - start
    else { throw .malformed(offset: offset + UInt64(place), .frameLength(byteCount)) }
    frameRange = position + start..<position + start + Int(byteCount)
  }

  // MARK: Bytes

  /// A number of the block or frame that begins here; the caller has filled the buffer that far.
  func integer<Value: FixedWidthInteger & UnsignedInteger>(_ place: Int) -> Value {
    var value: Value = 0
    for index in 0..<MemoryLayout<Value>.size {
      let shift = 8 * (isBigEndian ? MemoryLayout<Value>.size - 1 - index : index)
      value |= Value(buffer[position + place + index]) << Value(shift)
    }
    return value
  }

  /// Bytes of the block that begins here.
  func slice(_ start: Int, _ byteCount: Int) -> ArraySlice<UInt8> {
    buffer[position + start..<position + start + byteCount]
  }

  /// Fills the buffer with this many bytes; false if the file has fewer.
  private mutating func fill(_ byteCount: Int) throws(CaptureFileError) -> Bool {
    while buffer.count - position < byteCount {
      let more: [UInt8]
      do throws(SystemError) {
        more = try source(max(Self.chunkByteCount, byteCount))
      } catch {
        throw .unreadable(error)
      }
      guard !more.isEmpty else { return false }
      base += UInt64(position)
      if position == buffer.count {
        buffer = more
      } else {
        buffer.removeFirst(position)
        buffer += more
      }
      position = 0
    }
    return true
  }
}
