internal import CaptureFile
internal import Glibc
internal import Platform

/// When a capture goes on in another file.
struct CaptureRotation {
  /// Bytes of a file after which it does.
  var byteLimit: UInt64?
  /// How long a file is written.
  var interval: Duration?
  /// Files that are kept; older ones are deleted.
  var fileLimit: Int?

  var isOn: Bool { byteLimit != nil || interval != nil }
}

/// The files of a capture, one after the other: each is whole at every moment.
///
/// - Thread: one at a time
struct CaptureFiles: ~Copyable {
  private let path: String
  private let rotation: CaptureRotation
  private let head: [UInt8]
  private var descriptor: Int32 = -1
  private var isRegular = false
  /// Bytes of the file that are known to be whole blocks.
  private var byteCount: UInt64 = 0
  private var openedAt: UInt64 = 0
  private var kept: [String] = []
  /// The file that is written now; `-` is standard output.
  private(set) var currentPath = ""
  /// Files that were begun.
  private(set) var fileCount = 0
  /// Bytes that were written, to all of them.
  private(set) var totalByteCount: UInt64 = 0

  /// Names a file, or `-`, and what every file begins with.
  init(_ path: String, _ rotation: CaptureRotation, head: [UInt8]) {
    self.path = path
    self.rotation = rotation
    self.head = head
  }

  /// Begins the first file.
  mutating func open() throws(SystemError) {
    if path == "-" {
      (currentPath, descriptor) = ("-", STDOUT_FILENO)
    } else {
      currentPath = rotation.isOn ? Self.name(path, fileCount + 1, realtimeNanoseconds()) : path
      // What a capture holds is its user's.
      descriptor = unsafe Glibc.open(currentPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw SystemError(failed: "open") }
    }
    var status = stat()
    isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    (byteCount, openedAt) = (0, monotonicNanoseconds())
    fileCount += 1
    kept.append(currentPath)
    if let limit = rotation.fileLimit, rotation.isOn {
      while kept.count > limit { unsafe unlink(kept.removeFirst()) }
    }
    let head = head
    var error: SystemError?
    unsafe head.withUnsafeBytes { bytes in
      do throws(SystemError) {
        try unsafe write(bytes)
      } catch let caught {
        error = caught
      }
    }
    if let error { throw error }
  }

  /// Whether the file has reached its end: what follows belongs into the next.
  var isFull: Bool {
    if let limit = rotation.byteLimit, byteCount >= limit { return true }
    guard let interval = rotation.interval else { return false }
    return .nanoseconds(Int64(clamping: monotonicNanoseconds() - openedAt)) >= interval
  }

  /// Writes whole blocks; of those that do not fit the disk nothing stays.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let count = unsafe Glibc.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = SystemError(failed: "write")
        // A block that was written in part would make the file one that programs complain about.
        if isRegular, ftruncate(descriptor, off_t(clamping: byteCount)) == 0 {
          lseek(descriptor, off_t(clamping: byteCount), SEEK_SET)
        }
        throw error
      }
      unsafe rest = rest.dropFirst(count)
    }
    byteCount += UInt64(bytes.count)
    totalByteCount += UInt64(bytes.count)
  }

  /// Ends the file with what was counted.
  mutating func close(_ statistics: UnsafeRawBufferPointer) throws(SystemError) {
    guard descriptor >= 0 else { return }
    defer {
      if descriptor != STDOUT_FILENO { Glibc.close(descriptor) }
      descriptor = -1
    }
    try unsafe write(statistics)
  }

  /// A name as dumpcap makes it: `np0_00003_20261129184500.pcapng`.
  static func name(_ path: String, _ number: Int, _ nanoseconds: UInt64) -> String {
    let fileName = path.split(separator: "/", omittingEmptySubsequences: false).last ?? ""
    let dot = fileName.dropFirst().lastIndex(of: ".")
    let stem = path.dropLast(dot.map { fileName.distance(from: $0, to: fileName.endIndex) } ?? 0)
    let digits = String(number)
    let zeros = String(repeating: "0", count: max(0, 5 - digits.utf8.count))
    return "\(stem)_\(zeros)\(digits)_\(nanoseconds.fileTimeText)"
      + (dot.map { fileName[$0...] } ?? "")
  }
}

extension CaptureWriter {
  /// A copy of the bytes that wait.
  var copy: [UInt8] { unsafe pending.withUnsafeBytes { unsafe Array($0) } }
}
