internal import NdisprotControl
internal import Synchronization

/// Frames on their way from a thread that reads to a task that wants them.
///
/// The thread stops reading when `frameLimit` frames wait here; then they wait in the daemon, whose
/// ring forgets the oldest first and counts what it forgot.
///
/// - Thread: `run` on its own; the rest on any
final class FrameFeed: Sendable {
  static let frameLimit = 4096

  private struct State {
    var frames: [CapturedFrame] = []
    var waiter: CheckedContinuation<Void, Never>?
    var isEnded = false
    var error: ClientError?
    var isThreadWaiting = false
  }

  private let state = Mutex(State())
  let interruption: Interruption
  private let room: Interruption

  init() throws(ClientError) {
    interruption = try Interruption()
    room = try Interruption()
  }

  /// Reads until it is stopped, or the binding ends.
  func run(_ binding: OpenBinding) {
    var reader = FrameReader(binding)
    var batch: [CapturedFrame] = []
    do throws(ClientError) {
      while true {
        try reader.next(by: .never) { batch.append(CapturedFrame($0.header, $0.frame)) }
        if add(batch) {
          room.wait()
          room.clear()
        }
        batch.removeAll(keepingCapacity: true)
      }
    } catch {
      end(error == .interrupted ? nil : error)
    }
  }

  /// Adds frames and wakes the task; returns whether there are too many now.
  private func add(_ batch: [CapturedFrame]) -> Bool {
    let (waiter, isFull) = state.withLock { state in
      state.frames += batch
      state.isThreadWaiting = state.frames.count >= FrameFeed.frameLimit && !state.isEnded
      return (state.waiter.take(), state.isThreadWaiting)
    }
    waiter?.resume()
    return isFull
  }

  private func end(_ error: ClientError?) {
    let waiter = state.withLock { state in
      if !state.isEnded { state.error = error }
      state.isEnded = true
      return state.waiter.take()
    }
    waiter?.resume()
  }

  /// Ends the reading; frames that are here already can still be taken.
  func stop() {
    end(nil)
    interruption.raise()
    room.raise()
  }

  /// What is to be done about a wish for frames.
  private enum Answer {
    case frames([CapturedFrame], wakesThread: Bool)
    case wait
    case end(ClientError?)
  }

  /// The frames that are here, waiting for some; nil at the end.
  func nextBatch() async throws(ClientError) -> [CapturedFrame]? {
    while true {
      switch take() {
      case .frames(let frames, let wakesThread):
        if wakesThread { room.raise() }
        return frames
      case .end(let error?): throw error
      case .end(nil): return nil
      case .wait: await wait()
      }
    }
  }

  private func take() -> Answer {
    state.withLock { state in
      if state.frames.isEmpty { return state.isEnded ? .end(state.error) : .wait }
      var frames: [CapturedFrame] = []
      swap(&frames, &state.frames)
      let wakesThread = state.isThreadWaiting
      state.isThreadWaiting = false
      return .frames(frames, wakesThread: wakesThread)
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isReady = state.withLock { state in
          if !state.frames.isEmpty || state.isEnded { return true }
          state.waiter = continuation
          return false
        }
        if isReady { continuation.resume() }
      }
    } onCancel: {
      stop()
    }
  }
}
