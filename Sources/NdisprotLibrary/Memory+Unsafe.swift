internal import Glibc
internal import NdisprotC
internal import NdisprotClient

// Memory that the program and the library share for the time of a call.

/// Frames in memory of the handle, as the records that the daemon sent.
///
/// ```
/// [given out …][offset: record][record]…[end]   capacity
/// ```
@safe struct KeptRecords: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0
  private var offset = 0
  private var end = 0
  /// Records between `offset` and `end`.
  private(set) var count: UInt32 = 0

  init() {}

  deinit { unsafe free(base) }

  /// Removes all records, whether handed out or not.
  mutating func removeAll() { (offset, end, count) = (0, 0, 0) }

  /// Takes the records of a message; none of the previous message may be left.
  mutating func replace(_ records: RawSpan, count: UInt32) -> Bool {
    removeAll()
    guard reserve(records.byteCount) else { return false }
    unsafe records.withUnsafeBytes { bytes in
      guard let from = bytes.baseAddress, let base = unsafe base else { return }
      // In pieces: for larger blocks glibc copies by `rep movsb`, which starts slowly.
      for start in stride(from: 0, to: bytes.count, by: 1_024) {
        unsafe (base + start).copyMemory(
          from: from + start, byteCount: min(1_024, bytes.count - start))
      }
    }
    (end, self.count) = (records.byteCount, count)
    return true
  }

  /// Appends one record; records handed out before may move.
  @inline(never)
  mutating func append(_ record: RecordReader.Record) -> Bool {
    let byteCount = FrameRecord.byteCount(ofFrame: record.frame.byteCount)
    guard reserve(end + byteCount), let base = unsafe base else { return false }
    let to = unsafe base + end
    let header = record.header
    unsafe to.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
    unsafe to.storeBytes(of: header.length.littleEndian, as: UInt32.self)
    unsafe to.storeBytes(of: header.originalLength.littleEndian, toByteOffset: 4, as: UInt32.self)
    unsafe to.storeBytes(of: header.timestamp.littleEndian, toByteOffset: 8, as: UInt64.self)
    unsafe to.storeBytes(of: header.flags.rawValue.littleEndian, toByteOffset: 16, as: UInt32.self)
    unsafe to.storeBytes(of: header.lostBefore.littleEndian, toByteOffset: 20, as: UInt32.self)
    unsafe record.frame.withUnsafeBytes { bytes in
      guard let from = bytes.baseAddress else { return }
      unsafe (to + FrameRecord.headerByteCount).copyMemory(from: from, byteCount: bytes.count)
    }
    end += byteCount
    count += 1
    return true
  }

  private mutating func reserve(_ byteCount: Int) -> Bool {
    guard byteCount > capacity else { return true }
    let wanted = max(byteCount, capacity * 2, MessageHeader.maximumMessageByteCount)
    guard let grown = unsafe realloc(base, wanted) else { return false }
    unsafe (base, capacity) = (grown, wanted)
    return true
  }

  /// Calls `body` for the next records, at most `limit`, and advances past them.
  ///
  /// - Returns: their number
  /// - Throws: an error for malformed records, after the valid ones
  @inline(__always)
  mutating func take(
    _ limit: UInt32, _ body: (RecordReader.Record, Int) -> Void
  ) throws(DecodeError) -> Int {
    guard count > 0, let base = unsafe base else { return 0 }
    let rest = unsafe RawSpan(
      _unsafeStart: UnsafeRawPointer(base) + offset, byteCount: end - offset)
    var reader = RecordReader(rest, recordCount: count)
    var (taken, used) = (0, 0)
    do throws(DecodeError) {
      while taken < Int(limit), let record = try reader.next() {
        body(record, taken)
        used &+= FrameRecord.byteCount(ofFrame: Int(record.header.length))
        taken &+= 1
      }
      // After the last record nothing may be left.
      if reader.remainingCount == 0 { _ = try reader.next() }
    } catch {
      removeAll()
      throw error
    }
    offset += used
    count -= UInt32(taken)
    return taken
  }

  /// The next record, without removing it.
  mutating func peek(_ body: (RecordReader.Record) -> Void) throws(DecodeError) {
    let (offset, count) = (self.offset, self.count)
    _ = try take(1) { record, _ in body(record) }
    (self.offset, self.count) = (offset, count)
  }
}

/// Bytes that a program may read until the handle's next call.
@safe struct LentBytes: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0

  init() {}

  deinit { unsafe free(base) }

  /// Copies bytes and appends a NUL; nil if out of memory.
  mutating func hold(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawPointer? {
    if bytes.count >= capacity {
      guard let grown = unsafe realloc(base, bytes.count + 1) else { return nil }
      unsafe (base, capacity) = (grown, bytes.count + 1)
    }
    guard let base = unsafe base else { return nil }
    if let from = bytes.baseAddress {
      unsafe base.copyMemory(from: from, byteCount: bytes.count)
    }
    unsafe base.storeBytes(of: 0, toByteOffset: bytes.count, as: UInt8.self)
    return UnsafeRawPointer(base)
  }

  /// Copies a text as a C string.
  mutating func hold(_ text: String) -> UnsafePointer<CChar> {
    var text = text
    let held = text.withUTF8 { unsafe hold(UnsafeRawBufferPointer($0)) }
    let literal: StaticString = "out of memory"
    let fallback = unsafe UnsafeRawPointer(literal.utf8Start)
    return unsafe (held ?? fallback).assumingMemoryBound(to: CChar.self)
  }
}

// MARK: Structures with a size

/// The largest structure size that a program may pass.
private let longestStructure = 4_096

/// Reads a structure that may be older and shorter, or newer and longer, than ours.
///
/// - Returns: nil for an invalid size, or if a newer program sets fields that are unknown here
func readSized<Value: BitwiseCopyable>(
  _ from: UnsafePointer<Value>, _ value: inout Value
) -> Bool {
  let bytes = unsafe UnsafeRawPointer(from)
  let size = unsafe Int(bytes.load(as: UInt32.self))
  guard (MemoryLayout<UInt32>.size...longestStructure).contains(size) else { return false }
  let known = MemoryLayout<Value>.size
  for index in known..<max(known, size) {
    guard unsafe bytes.load(fromByteOffset: index, as: UInt8.self) == 0 else { return false }
  }
  unsafe withUnsafeMutableBytes(of: &value) { own in
    unsafe own.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: min(known, size)))
  }
  return true
}

/// Fills a program's structure as far as possible; bytes beyond our structure become zero.
func writeSized<Value: BitwiseCopyable>(
  _ value: Value, _ to: UnsafeMutablePointer<Value>
) -> Bool {
  let size = unsafe UnsafeMutableRawPointer(to).load(as: UInt32.self)
  guard unsafe writeSized(value, UnsafeMutableRawPointer(to), size: Int(size)) else { return false }
  unsafe UnsafeMutableRawPointer(to).storeBytes(of: size, as: UInt32.self)
  return true
}

/// As above, for a structure whose size is passed separately.
func writeSized<Value: BitwiseCopyable>(
  _ value: Value, _ to: UnsafeMutableRawPointer, size: Int
) -> Bool {
  guard (MemoryLayout<UInt32>.size...longestStructure).contains(size) else { return false }
  let known = min(size, MemoryLayout<Value>.size)
  unsafe withUnsafeBytes(of: value) {
    unsafe to.copyMemory(from: $0.baseAddress ?? .init(to), byteCount: known)
  }
  unsafe memset(to + known, 0, size - known)
  return true
}

/// Copies a text into an array of a structure, cut at a character boundary, with a NUL.
func copyText(_ text: String, _ to: UnsafeMutableRawBufferPointer) {
  var text = text
  text.withUTF8 { utf8 in
    var count = min(utf8.count, to.count - 1)
    while count > 0, count < utf8.count, unsafe utf8[count] & 0xC0 == 0x80 { count -= 1 }
    unsafe to.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(utf8)[..<count]))
    for index in count..<to.count { unsafe to[index] = 0 }
  }
}

/// A text of the program; nil if it is not UTF-8: repaired, it would name something else.
func text(_ from: UnsafePointer<CChar>) -> String? { unsafe String(validatingCString: from) }
