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
  /// Whether a write failed: the data that a pipe has received ends in the middle of a block.
  private var isBroken = false
  /// Whether the capture is ending: a pipe whose reader stopped is then no longer waited for.
  private var isEnding: @Sendable () -> Bool = { false }
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

  /// Begins the first file; while `isEnding` is false, a missing reader of a pipe is waited for.
  mutating func begin(_ isEnding: @escaping @Sendable () -> Bool) throws(SystemError) {
    self.isEnding = isEnding
    try open()
  }

  /// Begins a file.
  mutating func open() throws(SystemError) {
    if path == "-" {
      (currentPath, descriptor) = ("-", STDOUT_FILENO)
    } else {
      currentPath = rotation.isOn ? Self.name(path, fileCount + 1, realtimeNanoseconds()) : path
      descriptor = try descriptor(of: currentPath)
    }
    var status = stat()
    isRegular = unsafe fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    (byteCount, openedAt) = (0, monotonicNanoseconds())
    fileCount += 1
    kept.append(currentPath)
    if let limit = rotation.fileLimit, rotation.isOn {
      while kept.count > limit { unsafe unlink(kept.removeFirst().systemString) }
    }
    let head = head
    let error = unsafe write(head.span.bytes).error
    if let error { throw error }
  }

  private func descriptor(of path: String) throws(SystemError) -> Int32 {
    while true {
      // A capture's contents belong to its user.
      let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK
      let descriptor = unsafe Glibc.open(path.systemString, flags, 0o600)
      if descriptor >= 0 { return descriptor }
      let error = SystemError(failed: "open")
      // A named pipe that no program reads yet.
      var status = stat()
      guard error.errno == ENXIO, unsafe stat(path.systemString, &status) == 0,
        status.st_mode & S_IFMT == S_IFIFO
      else { throw error }
      guard !isEnding() else { throw SystemError(errno: EINTR, call: "open") }
      poll(nil, 0, 50)
    }
  }

  /// Whether the file has reached its limit: what follows belongs in the next one.
  var isFull: Bool {
    if let limit = rotation.byteLimit, byteCount >= limit { return true }
    guard let interval = rotation.interval else { return false }
    return .nanoseconds(Int64(clamping: monotonicNanoseconds() - openedAt)) >= interval
  }

  /// Bytes that this file still takes, including the block that reaches the limit.
  var room: Int {
    Int(clamping: (rotation.byteLimit ?? .max) - min(rotation.byteLimit ?? .max, byteCount))
  }

  /// Writes complete blocks; if the disk is full, none of them remains in part.
  ///
  /// - Parameters:
  ///   - bytes: what is written
  ///   - isLast: whether a pipe without room is waited for no longer
  ///   - whole: how many of so many first bytes are whole blocks
  /// - Returns: bytes of whole blocks that are in the file, and why those are not all
  mutating func write(
    _ bytes: RawSpan, isLast: Bool = false, whole: (Int) -> Int = { _ in 0 }
  ) -> (byteCount: Int, error: SystemError?) {
    var done = 0
    var failure: SystemError?
    while done < bytes.byteCount, failure == nil {
      guard isRegular || hasRoom(isLast) else {
        failure = SystemError(errno: EAGAIN, call: "write")
        break
      }
      // A pipe with room takes this many bytes without blocking (PIPE_BUF).
      let limit = isRegular ? bytes.byteCount : min(bytes.byteCount, done + 4_096)
      let count = unsafe bytes.extracting(done..<limit).withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      if count > 0 { done += count } else { failure = SystemError(failed: "write") }
    }
    if failure != nil {
      isBroken = true
      done = whole(done)
      // Programs would reject a file with a partial block.
      let end = off_t(clamping: byteCount + UInt64(done))
      if isRegular, ftruncate(descriptor, end) == 0 { lseek(descriptor, end, SEEK_SET) }
    }
    byteCount += UInt64(done)
    totalByteCount += UInt64(done)
    return (done, failure)
  }

  /// Waits until a pipe has room; while the capture is ending, for at most a second.
  private func hasRoom(_ isLast: Bool) -> Bool {
    var rounds = 0
    while true {
      var polled = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      if unsafe poll(&polled, 1, 100) > 0 { return true }
      rounds = isLast || isEnding() ? rounds + 1 : 0
      if rounds == 10 { return false }
    }
  }

  /// Ends the file with the statistics.
  mutating func close(_ statistics: RawSpan) throws(SystemError) {
    guard descriptor >= 0 else { return }
    defer {
      if descriptor != STDOUT_FILENO { Glibc.close(descriptor) }
      descriptor = -1
    }
    guard isRegular || !isBroken else { return }
    if let error = write(statistics, isLast: true).error { throw error }
  }

  /// The path of a capture without a name: `np0-TIME.pcapng`, or `np0-TIME-2.pcapng` beside one
  /// that was begun in the same second.
  ///
  /// With `isTaken` the file is made, so that another capture takes another name.
  static func newPath(_ interface: String, _ suffix: String, isTaken: Bool) -> String {
    let stem = "\(interface)-\(realtimeNanoseconds().fileTimeText)"
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    for number in 1..<(isTaken ? 1_000 : 1) {
      let path = (number == 1 ? stem : "\(stem)-\(number)") + ".\(suffix)"
      let descriptor = unsafe Glibc.open(path.systemString, flags, 0o600)
      if descriptor >= 0 { Glibc.close(descriptor) }
      // What else goes wrong is reported when the file is opened to be written.
      if descriptor >= 0 || errno != EEXIST { return path }
    }
    return "\(stem).\(suffix)"
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
