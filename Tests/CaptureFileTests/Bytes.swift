import CaptureFile
import Glibc
import MDL
import Platform

/// Bytes of a file, put together word by word in either order.
struct Bytes {
  var all: [UInt8] = []
  let isBigEndian: Bool

  init(bigEndian: Bool = false) { isBigEndian = bigEndian }

  mutating func add<Value: FixedWidthInteger>(_ values: Value...) {
    for value in values {
      let little = (0..<MemoryLayout<Value>.size).map {
        UInt8(truncatingIfNeeded: value >> Value(8 * $0))
      }
      all += isBigEndian ? little.reversed() : little
    }
  }

  mutating func block(_ type: UInt32, _ fill: (inout Bytes) -> Void) {
    var body = Bytes(bigEndian: isBigEndian)
    fill(&body)
    body.pad()
    let length = UInt32(body.all.count + 12)
    add(type, length)
    all += body.all
    add(length)
  }

  mutating func option(_ code: UInt16, _ value: [UInt8]) {
    add(code, UInt16(value.count))
    all += value
    pad()
  }

  mutating func pad() { all += [UInt8](repeating: 0, count: -all.count & 3) }

  mutating func section() {
    block(0x0A0D_0D0A) {
      $0.add(0x1A2B_3C4D as UInt32); $0.add(1, 0 as UInt16); $0.add(-1 as Int64)
    }
  }

  mutating func interface(_ options: (inout Bytes) -> Void = { _ in }) {
    block(1) {
      $0.add(1, 0 as UInt16)
      $0.add(0 as UInt32)
      options(&$0)
    }
  }

  mutating func packet(_ interface: UInt32 = 0, time: UInt64 = 0, _ frame: [UInt8]) {
    block(6) {
      $0.add(interface, UInt32(time >> 32), UInt32(truncatingIfNeeded: time))
      $0.add(UInt32(frame.count), UInt32(frame.count))
      $0.all += frame
    }
  }
}

/// What a reader makes of a file: its frames, and how it ended.
struct Reading {
  var frames: [CaptureFrame] = []
  var bytes: [[UInt8]] = []
  var interfaces: [CaptureInterface] = []
  var format: CaptureFormat?
  var error: CaptureFileError?

  /// Reads with a source that gives so many bytes at a time, and of those none at every other call
  /// when it pauses.
  init(_ file: [UInt8], step: Int = .max, pauses: Bool = false) {
    var rest = file[...]
    var isPausing = false
    var reader = CaptureReader { wanted throws(SystemError) in
      isPausing = pauses && !isPausing
      if isPausing { throw SystemError(errno: EAGAIN, call: "read") }
      let part = rest.prefix(min(step, wanted))
      rest = rest.dropFirst(part.count)
      return Array(part)
    }
    while error == nil {
      do throws(CaptureFileError) {
        guard let frame = try reader.next() else { break }
        frames.append(frame)
        bytes.append(reader.bytes.array)
      } catch .unreadable(SystemError(errno: EAGAIN, call: "read")) {
        // There is more.
      } catch {
        self.error = error
      }
    }
    (interfaces, format) = (reader.interfaces, reader.format)
  }
}

extension RawSpan {
  /// A copy.
  var array: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension CaptureWriter {
  /// A copy of the bytes that wait.
  var array: [UInt8] { pending.array }

  mutating func append(_ frame: CaptureFrame, bytes: [UInt8]) { append(frame, bytes.span.bytes) }
}

/// Bytes from hexadecimal digits; spaces and lines do not count.
func hex(_ text: String) -> [UInt8] {
  let digits = text.compactMap(\.hexDigitValue)
  return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
