internal import CaptureFile
internal import Glibc
internal import Platform

/// When a capture continues in another file.
struct CaptureRotation {
  /// The size of a file at which it does, in bytes.
  var byteLimit: UInt64?
  /// For how long a file is written.
  var interval: Duration?
  /// The number of files to keep; older ones are deleted.
  var fileLimit: Int?

  var isOn: Bool { byteLimit != nil || interval != nil }
}

/// The consecutive files of a capture, each of which is valid at every moment.
///
/// - Thread: one at a time
struct CaptureFiles: ~Copyable {
  private let path: String
  private let rotation: CaptureRotation
  private let head: [UInt8]
  private var descriptor: Int32 = -1
  private var isRegular = false
  /// Bytes of the file that are known to be complete blocks.
  private var byteCount: UInt64 = 0
  private var openedAt: UInt64 = 0
  private var kept: [String] = []
  /// The current file; `-` is standard output.
  private(set) var currentPath = ""
  /// The number of files begun.
  private(set) var fileCount = 0
  /// Bytes written to all files.
  private(set) var totalByteCount: UInt64 = 0

  /// Sets the name of the files, or `-`, and the beginning of every file.
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
      // A capture's contents belong to its user.
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

  /// Whether the file has reached its limit: what follows belongs in the next one.
  var isFull: Bool {
    if let limit = rotation.byteLimit, byteCount >= limit { return true }
    guard let interval = rotation.interval else { return false }
    return .nanoseconds(Int64(clamping: monotonicNanoseconds() - openedAt)) >= interval
  }

  /// Writes complete blocks; if the disk is full, none of them remains in part.
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    var rest = unsafe bytes[...]
    while unsafe !rest.isEmpty {
      let count = unsafe Glibc.write(
        descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = SystemError(failed: "write")
        // Programs would reject a file with a partial block.
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

  /// Ends the file with the statistics.
  mutating func close(_ statistics: UnsafeRawBufferPointer) throws(SystemError) {
    guard descriptor >= 0 else { return }
    defer {
      if descriptor != STDOUT_FILENO { Glibc.close(descriptor) }
      descriptor = -1
    }
    try unsafe write(statistics)
  }

  /// A name in dumpcap's style: `np0_00003_20261129184500.pcapng`.
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
  /// A copy of the pending bytes.
  var copy: [UInt8] { unsafe pending.withUnsafeBytes { unsafe Array($0) } }
}
