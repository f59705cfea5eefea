internal import CaptureFile
internal import Platform
internal import Synchronization

/// The shared output of a capture's threads: files, a limit on frames, and statistics.
///
/// - Thread: any
final class CaptureSink: Sendable {
  /// The progress of a capture.
  struct Progress: Sendable {
    var path = ""
    var fileCount = 0
    var byteCount: UInt64 = 0
    var error: SystemError?
  }

  private struct State: ~Copyable, Sendable {
    var files: CaptureFiles
    var error: SystemError?
    var isClosed = false
  }

  private let state: LockedValue<State>
  private let frameLimit: UInt64
  private let frameCount = Atomic<UInt64>(0)
  /// Frames that could not be written.
  private let unwrittenCount = Atomic<UInt64>(0)

  init(_ files: consuming CaptureFiles, frameLimit: UInt64) {
    state = LockedValue(State(files: files))
    self.frameLimit = frameLimit == 0 ? .max : frameLimit
  }

  func open() throws(SystemError) {
    try state.withLock { state throws(SystemError) in try state.files.open() }
  }

  /// Claims a place for one more frame; false if the limit is reached.
  func takePlace() -> Bool {
    guard frameLimit != .max else { return true }
    return frameCount.wrappingAdd(1, ordering: .relaxed).oldValue < frameLimit
  }

  /// Whether the limit on frames is reached.
  var isComplete: Bool { frameLimit != .max && frameCount.load(ordering: .relaxed) >= frameLimit }

  /// Frames that were lost because they could not be written.
  var unwritten: UInt64 { unwrittenCount.load(ordering: .relaxed) }

  /// Writes what a thread has collected, `frames` frames; `statistics` end a full file.
  ///
  /// - Returns: false if writing is no longer possible
  func write(
    _ writer: inout CaptureWriter, frames: UInt64, statistics: () -> CaptureWriter
  ) -> Bool {
    defer { writer.removeAll() }
    let isWritten = unsafe writer.pending.withUnsafeBytes { bytes in
      state.withLock { state in
        guard state.error == nil, !state.isClosed else { return false }
        do throws(SystemError) {
          if state.files.isFull { try Self.rotate(&state, statistics()) }
          if unsafe !bytes.isEmpty { try unsafe state.files.write(bytes) }
          return true
        } catch {
          state.error = error
          return false
        }
      }
    }
    if !isWritten { unwrittenCount.wrappingAdd(frames, ordering: .relaxed) }
    return isWritten
  }

  private static func rotate(
    _ state: inout State, _ statistics: borrowing CaptureWriter
  ) throws(SystemError) {
    try unsafe statistics.pending.withUnsafeBytes { bytes throws(SystemError) in
      try unsafe state.files.close(bytes)
    }
    try state.files.open()
  }

  /// Ends the last file.
  func close(_ statistics: borrowing CaptureWriter) {
    unsafe statistics.pending.withUnsafeBytes { bytes in
      state.withLock { state in
        state.isClosed = true
        do throws(SystemError) {
          try unsafe state.files.close(bytes)
        } catch {
          state.error = state.error ?? error
        }
      }
    }
  }

  var progress: Progress {
    state.withLock { state in
      Progress(
        path: state.files.currentPath, fileCount: state.files.fileCount,
        byteCount: state.files.totalByteCount, error: state.error)
    }
  }
}
