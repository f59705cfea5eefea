internal import MDL

/// Makes the bytes of a capture file, which its owner writes wherever they belong.
///
/// Every thread that captures may have one of its own: a head is written once, frames in any order.
///
/// - Shape: pcapng: `SHB IDB… (EPB | ISB)…`; pcap: `head 24 (head 16, frame)…`; little-endian
/// - Thread: one
/// - Complexity: one copy of each frame, no allocation once the buffer has grown
/// - Source: draft-ietf-opsawg-pcapng, draft-ietf-opsawg-pcap
public struct CaptureWriter: ~Copyable {
  private let format: CaptureFormat
  private var buffer = GrowingBuffer()

  /// Makes a writer without bytes.
  public init(_ format: CaptureFormat) { self.format = format }

  /// Bytes that wait for being written.
  public var byteCount: Int { buffer.count }

  /// The bytes that wait.
  public var pending: RawSpan {
    @_lifetime(borrow self) get { buffer.content }
  }

  /// Forgets the bytes that wait: they were written.
  public mutating func removeAll() { buffer.removeAll() }

  // MARK: The head of a file

  /// Appends what every file begins with.
  ///
  /// - Parameters:
  ///   - interfaces: what frames may come from, in the order of their places
  ///   - program: what writes the file
  ///   - system: what it runs on
  public mutating func appendHead(
    _ interfaces: [CaptureInterface], program: String, system: String
  ) {
    var head: [UInt8] = []
    switch format {
    case .pcap:
      let snapLength = interfaces.map(\.effectiveSnapLength).max() ?? 262_144
      for word in [0xA1B2_3C4D, 0x0004_0002, 0, 0, snapLength] as [UInt32] {
        head.append(word: word)
      }
      head.append(word: UInt32(interfaces.first?.linkType ?? CaptureInterface.ethernet))
    case .pcapng:
      head.appendBlock(0x0A0D_0D0A) { body in
        for word in [0x1A2B_3C4D, 1, .max, .max] as [UInt32] { body.append(word: word) }
        body.appendOption(3, Array(system.utf8))
        body.appendOption(4, Array(program.utf8))
        body.append(word: 0)
      }
      for interface in interfaces { head.appendBlock(1) { interface.append(to: &$0) } }
    }
    append(head)
  }

  /// Appends what was counted; pcap has no place for it.
  public mutating func append(_ statistics: CaptureTotals) {
    guard format == .pcapng else { return }
    var block: [UInt8] = []
    block.appendBlock(5) { body in
      body.append(word: UInt32(clamping: statistics.interface))
      body.append(time: statistics.end)
      for (code, time) in [(2, statistics.start), (3, statistics.end)] as [(UInt16, UInt64)] {
        var value: [UInt8] = []
        value.append(time: time)
        body.appendOption(code, value)
      }
      for (code, value) in [
        (4, statistics.received), (5, statistics.dropped), (6, statistics.accepted),
        (7, statistics.droppedByKernel),
      ] as [(UInt16, UInt64)] {
        body.appendOption(code, (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
      }
      body.append(word: 0)
    }
    append(block)
  }

  private mutating func append(_ more: [UInt8]) {
    let start = buffer.extend(more.count)
    unsafe buffer.copy(more.span.bytes, to: start)
  }

  // MARK: Frames

  /// Appends a frame.
  public mutating func append(_ frame: CaptureFrame, _ content: RawSpan) {
    let length = UInt32(clamping: content.byteCount)
    switch format {
    case .pcap:
      let (seconds, rest) = frame.timestamp.quotientAndRemainder(dividingBy: 1_000_000_000)
      let start = buffer.extend(16 + content.byteCount)
      buffer.store(UInt32(truncatingIfNeeded: seconds), at: start)
      buffer.store(UInt32(truncatingIfNeeded: rest), at: start + 4)
      buffer.store(length, at: start + 8)
      buffer.store(max(frame.originalLength, length), at: start + 12)
      buffer.copy(content, to: start + 16)
    case .pcapng: appendPacketBlock(frame, content, length)
    }
  }

  /// - Shape: `[6][length][interface][time high][time low][captured][original][frame, to 4]`
  ///   `[2, 4][flags]`, `[4, 8][drops]` if they are known, `[end][length]`
  private mutating func appendPacketBlock(
    _ frame: CaptureFrame, _ content: RawSpan, _ length: UInt32
  ) {
    let padded = (content.byteCount + 3) & ~3
    let byteCount = 28 + padded + 8 + (frame.dropCount == nil ? 0 : 12) + 8
    let start = buffer.extend(byteCount)
    let end = start + byteCount
    let options = start + 28 + padded
    buffer.store(6, at: start)
    buffer.store(UInt32(clamping: byteCount), at: start + 4)
    buffer.store(UInt32(clamping: frame.interface), at: start + 8)
    buffer.store(UInt32(truncatingIfNeeded: frame.timestamp >> 32), at: start + 12)
    buffer.store(UInt32(truncatingIfNeeded: frame.timestamp), at: start + 16)
    buffer.store(length, at: start + 20)
    buffer.store(max(frame.originalLength, length), at: start + 24)
    // The last word first: what the frame does not cover of it is the padding.
    if padded > 0 { buffer.store(0, at: options - 4) }
    buffer.copy(content, to: start + 28)
    buffer.store(2 | 4 << 16, at: options)
    buffer.store(frame.direction.rawValue | frame.reception.rawValue << 2, at: options + 4)
    if let drops = frame.dropCount {
      buffer.store(4 | 8 << 16, at: options + 8)
      buffer.store(UInt32(truncatingIfNeeded: drops), at: options + 12)
      buffer.store(UInt32(truncatingIfNeeded: drops >> 32), at: options + 16)
    }
    buffer.store(0, at: end - 8)
    buffer.store(UInt32(clamping: byteCount), at: end - 4)
  }
}

extension CaptureInterface {
  fileprivate var effectiveSnapLength: UInt32 {
    snapLength == 0 ? UInt32(Self.maximumFrameByteCount) : snapLength
  }

  /// The body of an interface description block.
  fileprivate func append(to body: inout [UInt8]) {
    body.append(word: UInt32(linkType))
    body.append(word: snapLength)
    if !name.isEmpty { body.appendOption(2, Array(name.utf8)) }
    if !description.isEmpty { body.appendOption(3, Array(description.utf8)) }
    if let address { body.appendOption(6, (0..<6).map { address.octets[$0] }) }
    if speed > 0 {
      body.appendOption(8, (0..<8).map { UInt8(truncatingIfNeeded: speed >> (8 * $0)) })
    }
    body.appendOption(9, [9])
    body.append(word: 0)
  }
}

extension [UInt8] {
  fileprivate mutating func append(word: UInt32) {
    for shift in [0, 8, 16, 24] as [UInt32] { append(UInt8(truncatingIfNeeded: word >> shift)) }
  }

  /// The high half first, as pcapng has times.
  fileprivate mutating func append(time: UInt64) {
    append(word: UInt32(truncatingIfNeeded: time >> 32))
    append(word: UInt32(truncatingIfNeeded: time))
  }

  /// `[code 2][length 2][value, to 4]`; a value too long for its length is cut.
  fileprivate mutating func appendOption(_ code: UInt16, _ value: [UInt8]) {
    let value = value.prefix(Int(UInt16.max))
    append(word: UInt32(code) | UInt32(value.count) << 16)
    append(contentsOf: value)
    append(contentsOf: repeatElement(0, count: -value.count & 3))
  }

  /// `[type 4][length 4][body][length 4]`.
  fileprivate mutating func appendBlock(_ type: UInt32, _ fill: (inout [UInt8]) -> Void) {
    var body: [UInt8] = []
    fill(&body)
    let byteCount = UInt32(clamping: body.count + 12)
    append(word: type)
    append(word: byteCount)
    append(contentsOf: body)
    append(word: byteCount)
  }
}
