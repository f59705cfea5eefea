internal import MDL

extension CaptureReader {
  /// Reads a whole block of a known type.
  ///
  /// - Returns: the frame of the block, if it has one
  mutating func read(_ type: UInt32, _ length: Int) throws(CaptureFileError) -> CaptureFrame? {
    switch type {
    case 1: try readInterface(length)
    case 2, 6: return try readPacket(length, isObsolete: type == 2)
    case 3: return try readSimplePacket(length)
    default: try readSection(length)
    }
    return nil
  }

  private mutating func readSection(_ length: Int) throws(CaptureFileError) {
    try require(28, length)
    let (major, minor): (UInt16, UInt16) = (integer(12), integer(14))
    guard major == 1, minor == 0 || minor == 2 else {
      throw .malformed(offset: offset + 12, .version(major: major, minor: minor))
    }
    interfaces = []
    clocks = []
  }

  private mutating func readInterface(_ length: Int) throws(CaptureFileError) {
    try require(20, length)
    var interface = CaptureInterface(linkType: integer(8), snapLength: integer(12))
    var clock = CaptureClock()
    try forEachOption(16, length) { reader, code, place, byteCount in
      switch (code, byteCount) {
      case (2, _): interface.name = reader.text(place, byteCount)
      case (3, _): interface.description = reader.text(place, byteCount)
      case (6, 6):
        let octets = reader.slice(place, 6)
        interface.address = MACAddress(InlineArray { octets[octets.startIndex + $0] })
      case (8, 8): interface.speed = reader.integer(place)
      case (9, 1): clock = CaptureClock(resolution: reader.integer(place), offset: clock.offset)
      case (14, 8): clock.offset = Int64(bitPattern: reader.integer(place))
      default: break
      }
    }
    interfaces.append(interface)
    clocks.append(clock)
  }

  /// - Shape: `[interface][time high][time low][captured][original][frame, to 4][options]`; of the
  ///   obsolete block the first word is `[interface 2][drops 2]`
  private mutating func readPacket(
    _ length: Int, isObsolete: Bool
  ) throws(CaptureFileError) -> CaptureFrame {
    try require(32, length)
    let index: UInt32 = isObsolete ? UInt32(integer(8) as UInt16) : integer(8)
    guard index < clocks.count else { throw .malformed(offset: offset + 8, .interface(index)) }
    let (high, low): (UInt32, UInt32) = (integer(12), integer(16))
    let (captured, original): (UInt32, UInt32) = (integer(20), integer(24))
    try takeFrame(from: 28, captured, lengthAt: 20, blockEnd: length - 4)
    var frame = CaptureFrame(
      interface: Int(index),
      timestamp: clocks[Int(index)].nanoseconds(UInt64(high) << 32 | UInt64(low)),
      originalLength: max(original, captured))
    if isObsolete {
      let drops: UInt16 = integer(10)
      frame.dropCount = drops == .max ? nil : UInt64(drops)
    }
    try forEachOption(28 + (Int(captured) + 3) & ~3, length) { reader, code, place, byteCount in
      switch (code, byteCount) {
      case (2, 4):
        let flags: UInt32 = reader.integer(place)
        frame.direction = CaptureFrame.Direction(rawValue: flags & 3) ?? .unknown
        frame.reception = CaptureFrame.Reception(rawValue: flags >> 2 & 7) ?? .unknown
      case (4, 8): frame.dropCount = reader.integer(place)
      default: break
      }
    }
    return frame
  }

  /// A frame without a time, of the first interface.
  private mutating func readSimplePacket(_ length: Int) throws(CaptureFileError) -> CaptureFrame {
    try require(16, length)
    guard let interface = interfaces.first else {
      throw .malformed(offset: offset, .interface(0))
    }
    let original: UInt32 = integer(8)
    let limit = interface.snapLength == 0 ? .max : interface.snapLength
    try takeFrame(from: 12, min(original, limit), lengthAt: 8, blockEnd: length - 4)
    return CaptureFrame(timestamp: 0, originalLength: original)
  }

  private func require(_ least: Int, _ length: Int) throws(CaptureFileError) {
    guard length >= least else {
      throw .malformed(offset: offset + 4, .blockLength(UInt32(clamping: length)))
    }
  }

  private func text(_ place: Int, _ byteCount: Int) -> String {
    String(decoding: slice(place, byteCount), as: UTF8.self)
  }

  /// Iterates over the options between an offset of the block and its end.
  private func forEachOption(
    _ start: Int, _ length: Int, _ body: (Self, UInt16, Int, Int) -> Void
  ) throws(CaptureFileError) {
    var place = start
    let end = length - 4
    while place + 4 <= end {
      let (code, byteCount): (UInt16, UInt16) = (integer(place), integer(place + 2))
      if code == 0 { return }
      guard Int(byteCount) <= end - place - 4 else {
        throw .malformed(offset: offset + UInt64(place), .option(code))
      }
      body(self, code, place + 4, Int(byteCount))
      place += 4 + (Int(byteCount) + 3) & ~3
    }
  }
}

/// The interpretation of an interface's times.
struct CaptureClock {
  /// The factor and the divisor that convert units to nanoseconds.
  private let factor: UInt128
  private let divisor: UInt128
  /// Seconds to add.
  var offset: Int64

  /// A resolution is the negative exponent of the unit in seconds: to base 10, or with the top bit
  /// to base 2.
  init(resolution: UInt8 = 6, offset: Int64 = 0) {
    let exponent = Int(resolution & 0x7F)
    self.offset = offset
    if resolution & 0x80 != 0 {
      (factor, divisor) = (1_000_000_000, 1 << UInt128(exponent))
    } else {
      // Beyond 20 digits nothing is left of 64 bits.
      let power = (0..<min(abs(exponent - 9), 20)).reduce(1 as UInt128) { power, _ in power * 10 }
      (factor, divisor) = exponent < 9 ? (power, 1) : (1, power)
    }
  }

  /// These units as nanoseconds since the epoch, clamped to the nearest representable value.
  func nanoseconds(_ units: UInt64) -> UInt64 {
    UInt64(clamping: Int128(UInt128(units) * factor / divisor) + Int128(offset) * 1_000_000_000)
  }
}
