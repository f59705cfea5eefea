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

  /// Begins the first file; while `isEnding` is false, a missing reader of a pipe is waited for.
  func open(_ isEnding: @escaping @Sendable () -> Bool) throws(SystemError) {
    try state.withLock { state throws(SystemError) in try state.files.begin(isEnding) }
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
  /// - Returns: how many of the frames are in a file, and whether more can be written
  func write(
    _ writer: inout CaptureWriter, frames: UInt64, statistics: () -> CaptureWriter
  ) -> (frames: UInt64, isOpen: Bool) {
    let (place, isOpen) = state.withLock { state in
      Self.write(writer, &state, statistics)
    }
    let written = place == writer.byteCount && isOpen ? frames : writer.blocks(before: place).count
    unwrittenCount.wrappingAdd(frames - min(frames, written), ordering: .relaxed)
    writer.removeAll()
    return (written, isOpen)
  }

  /// - Returns: how many of the bytes are in a file, and whether more can be written
  private static func write(
    _ writer: borrowing CaptureWriter, _ state: inout State, _ statistics: () -> CaptureWriter
  ) -> (byteCount: Int, isOpen: Bool) {
    var place = 0
    guard state.error == nil, !state.isClosed else { return (place, false) }
    do throws(SystemError) {
      repeat {
        if state.files.isFull { try rotate(&state, statistics()) }
        let end = end(writer, from: place, room: state.files.room)
        let start = place
        let outcome = state.files.write(writer.pending.extracting(start..<end)) {
          writer.blocks(before: start + $0).byteCount - start
        }
        place += outcome.byteCount
        if let error = outcome.error { throw error }
      } while place < writer.byteCount
      return (place, true)
    } catch {
      state.error = error
      return (place, false)
    }
  }

  /// The end of the bytes that go into a file with this much room: after the block that fills it.
  private static func end(
    _ writer: borrowing CaptureWriter, from place: Int, room: Int
  ) -> Int {
    guard room < writer.byteCount - place else { return writer.byteCount }
    var end = place
    repeat { end = writer.end(ofBlockAt: end) } while end < place + room
    return end
  }

  private static func rotate(
    _ state: inout State, _ statistics: borrowing CaptureWriter
  ) throws(SystemError) {
    try state.files.close(statistics.pending)
    try state.files.open()
  }

  /// Ends the last file.
  func close(_ statistics: borrowing CaptureWriter) {
    let pending = statistics.pending
    state.withLock { state in
      state.isClosed = true
      do throws(SystemError) {
        try state.files.close(pending)
      } catch {
        state.error = state.error ?? error
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
