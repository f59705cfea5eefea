internal import MDL

/// Produces the bytes of a capture file, which its owner writes to the file.
///
/// Every capturing thread may have its own writer: the head is written once, frames in any order.
///
/// - Shape: pcapng: `SHB IDB… (EPB | ISB)…`; pcap: `head 24 (head 16, frame)…`; little-endian
/// - Thread: one
/// - Complexity: one copy per frame, no allocation once the buffer has grown
/// - Source: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap
public struct CaptureWriter: ~Copyable {
  private let format: CaptureFormat
  private var buffer: [UInt8] = []

  /// Creates an empty writer.
  public init(_ format: CaptureFormat) { self.format = format }

  /// The number of pending bytes.
  public var byteCount: Int { buffer.count }

  /// The pending bytes.
  public var pending: RawSpan {
    @_lifetime(borrow self) get { unsafe buffer.span.bytes }
  }

  /// Removes the pending bytes after they were written.
  public mutating func removeAll() { buffer.removeAll(keepingCapacity: true) }

  /// The end of the block, or in pcap of the frame, that begins at `place` of the pending bytes.
  public func end(ofBlockAt place: Int) -> Int {
    let lengthPlace = place + (format == .pcap ? 8 : 4)
    guard lengthPlace + 4 <= buffer.count else { return buffer.count }
    let length = (0..<4).reduce(0) { $0 | Int(buffer[lengthPlace + $1]) << (8 * $1) }
    return min(place + length + (format == .pcap ? 16 : 0), buffer.count)
  }

  /// The number and bytes of the blocks that end at or before `place` of the pending bytes.
  public func blocks(before place: Int) -> (count: UInt64, byteCount: Int) {
    var (count, end): (UInt64, Int) = (0, 0)
    while end < buffer.count {
      let next = self.end(ofBlockAt: end)
      if next > place { break }
      (count, end) = (count + 1, next)
    }
    return (count, end)
  }

  // MARK: The head of a file

  /// Appends the beginning of every file.
  ///
  /// - Parameters:
  ///   - interfaces: the possible interfaces of frames, in the order of their indexes
  ///   - program: the program that writes the file
  ///   - system: the system that it runs on
  public mutating func appendHead(
    _ interfaces: [CaptureInterface], program: String, system: String
  ) {
    switch format {
    case .pcap:
      let snapLength = interfaces.map(\.effectiveSnapLength).max() ?? 262_144
      let link = UInt32(interfaces.first?.linkType ?? CaptureInterface.ethernet)
      buffer.append(words: [0xA1B2_3C4D, 0x0004_0002, 0, 0, snapLength, link])
    case .pcapng:
      buffer.appendBlock(0x0A0D_0D0A) { body in
        body.append(words: [0x1A2B_3C4D, 1, .max, .max])
        body.appendOption(3, Array(system.utf8))
        body.appendOption(4, Array(program.utf8))
        body.append(words: [0])
      }
      for interface in interfaces { buffer.appendBlock(1) { interface.append(to: &$0) } }
    }
  }

  /// Appends the counters; pcap has no place for them.
  public mutating func append(_ totals: CaptureTotals) {
    guard format == .pcapng else { return }
    buffer.appendBlock(5) { body in
      body.append(words: [UInt32(clamping: totals.interface)])
      body.append(words: [totals.end.high, totals.end.low])
      // pcapng stores times with the high half first; other numbers have the low half first.
      body.append(words: [2 | 8 << 16, totals.start.high, totals.start.low])
      body.append(words: [3 | 8 << 16, totals.end.high, totals.end.low])
      body.appendOption(4, totals.received)
      body.appendOption(5, totals.dropped)
      body.appendOption(6, totals.accepted)
      body.appendOption(7, totals.droppedByKernel)
      body.append(words: [0])
    }
  }

  // MARK: Frames

  /// Appends a frame.
  public mutating func append(_ frame: CaptureFrame, _ content: RawSpan) {
    let length = UInt32(clamping: content.byteCount)
    let original = max(frame.originalLength, length)
    switch format {
    case .pcap:
      let (seconds, rest) = frame.timestamp.quotientAndRemainder(dividingBy: 1_000_000_000)
      buffer.append(words: [seconds.low, rest.low, length, original])
      buffer.append(content)
    case .pcapng: appendPacketBlock(frame, content, length, original)
    }
  }

  /// - Shape: `[6][length][interface][time high][time low][captured][original][frame, to 4]`
  ///   `[2, 4][flags]`, `[4, 8][drops]` if they are known, `[end][length]`
  private mutating func appendPacketBlock(
    _ frame: CaptureFrame, _ content: RawSpan, _ length: UInt32, _ original: UInt32
  ) {
    let padding = -content.byteCount & 3
    let optionByteCount = frame.dropCount == nil ? 12 : 24
    let total = UInt32(clamping: 32 + content.byteCount + padding + optionByteCount)
    buffer.append(words: [
      6, total, UInt32(clamping: frame.interface), frame.timestamp.high, frame.timestamp.low,
      length,
      original,
    ])
    buffer.append(content)
    for _ in 0..<padding { buffer.append(0) }
    buffer.append(words: [2 | 4 << 16, frame.direction.rawValue | frame.reception.rawValue << 2])
    if let drops = frame.dropCount { buffer.append(words: [4 | 8 << 16, drops.low, drops.high]) }
    buffer.append(words: [0, total])
  }
}

extension CaptureInterface {
  fileprivate var effectiveSnapLength: UInt32 {
    snapLength == 0 ? UInt32(Self.maximumFrameByteCount) : snapLength
  }

  /// The body of an interface description block.
  fileprivate func append(to body: inout [UInt8]) {
    body.append(words: [UInt32(linkType), snapLength])
    if !name.isEmpty { body.appendOption(2, Array(name.utf8)) }
    if !description.isEmpty { body.appendOption(3, Array(description.utf8)) }
    if let address { body.appendOption(6, (0..<6).map { address.octets[$0] }) }
    if speed > 0 { body.appendOption(8, speed) }
    body.appendOption(9, [9])
    body.append(words: [0])
  }
}

extension [UInt8] {
  fileprivate mutating func appendOption(_ code: UInt32, _ value: UInt64) {
    append(words: [code | 8 << 16, value.low, value.high])
  }

  /// `[code 2][length 2][value, to 4]`; a value too long for its length field is cut.
  fileprivate mutating func appendOption(_ code: UInt32, _ value: [UInt8]) {
    let value = value.prefix(Int(UInt16.max))
    append(words: [code | UInt32(value.count) << 16])
    append(contentsOf: value)
    append(contentsOf: repeatElement(0, count: -value.count & 3))
  }

  /// `[type 4][length 4][body][length 4]`.
  fileprivate mutating func appendBlock(_ type: UInt32, _ fill: (inout [UInt8]) -> Void) {
    var body: [UInt8] = []
    fill(&body)
    let byteCount = UInt32(clamping: body.count + 12)
    append(words: [type, byteCount])
    append(contentsOf: body)
    append(words: [byteCount])
  }
}

extension UInt64 {
  fileprivate var low: UInt32 { UInt32(truncatingIfNeeded: self) }
  fileprivate var high: UInt32 { UInt32(truncatingIfNeeded: self >> 32) }
}
