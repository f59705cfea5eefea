internal import Glibc
internal import Ndisprot
internal import Platform
internal import WDF

/// Closes descriptors whose close may wait for a client, where no loop waits with it.
///
/// One thread a user and sixteen in all, made when needed: a client holds up its own user's sockets and
/// nothing else. They are no workers of the framework: unloading does not wait for them. What a session
/// is charged for stays charged until its close returned.
///
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` section 4; threat T3
final class Closers: Sendable {
  /// Threads at once.
  static let maximumCount = 16
  /// As the kernel shows a thread.
  static let threadName = "closer"

  private struct Job: Sendable {
    let descriptors: [Int32]
    let place: SessionPlace?
  }

  private struct State: Sendable {
    var waiting: [UInt32: [Job]] = [:]
    var running: Set<UInt32> = []
  }
  private let state = LockedValue(State())

  /// Ends a connection.
  ///
  /// - Parameters:
  ///   - socket: nothing else uses it any more
  ///   - received: descriptors that came through it
  ///   - userID: the client's
  ///   - place: what its session is charged for
  func close(
    _ socket: ClientSocket, received: [Int32] = [], of userID: UInt32, _ place: SessionPlace? = nil
  ) {
    let held = received.isEmpty ? socket.emptyQueue() : received
    guard !held.isEmpty else {
      Glibc.close(socket.descriptor)
      place?.release()
      return
    }
    let job = Job(descriptors: held + [socket.descriptor], place: place)
    state.withLock { $0.waiting[userID, default: []].append(job) }
    startThread()
  }

  /// Starts a thread for a user that has none; without memory for one the next close tries again.
  private func startThread() {
    let user = state.withLock { state -> UInt32? in
      guard state.running.count < Closers.maximumCount else { return nil }
      let user = state.waiting.keys.first { !state.running.contains($0) }
      if let user { state.running.insert(user) }
      return user
    }
    guard let user else { return }
    let start = { @Sendable [self] in
      while let job = next(of: user) {
        for descriptor in job.descriptors { Glibc.close(descriptor) }
        job.place?.release()
      }
      startThread()
    }
    do throws(SystemError) {
      try SystemThread.start(Closers.threadName, start)
    } catch {
      _ = state.withLock { $0.running.remove(user) }
    }
  }

  private func next(of user: UInt32) -> Job? {
    state.withLock { state in
      guard var jobs = state.waiting.removeValue(forKey: user), !jobs.isEmpty else {
        state.running.remove(user)
        return nil
      }
      let job = jobs.removeFirst()
      if !jobs.isEmpty { state.waiting[user] = jobs }
      return job
    }
  }
}

/// What a session costs of the budgets of sessions, until its socket is closed.
final class SessionPlace: Sendable {
  private let session: SharedCharge
  private let stranger = SharedCharge(nil)

  /// Keeps the charge for one session.
  init(_ session: consuming Charge) { self.session = SharedCharge(session) }

  /// The client is a stranger, or no longer one.
  func change(_ charge: consuming Charge?) { stranger.replace(with: charge) }

  /// The socket is closed.
  func release() {
    session.release()
    stranger.release()
  }
}
