internal import Glibc
internal import Ndisprot
internal import Platform
internal import WDF

/// Closes descriptors whose close may block on a client, away from the loops.
///
/// There is one thread per user, and sixteen in all, started on demand: a client delays its own
/// user's sockets and nothing else. The threads are not workers of the framework: unloading does
/// not wait for them. The charges of a session are held until its close returns.
///
/// - Thread: any
/// - Source: `ndisprotd.docc/Architecture.md` section 4; threat T3
final class Closers: Sendable {
  /// The most threads.
  static let maximumCount = 16
  /// The name of a thread in the kernel.
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
  ///   - socket: no longer used by anything else
  ///   - received: descriptors that came through it
  ///   - userID: the client's user
  ///   - place: the charges of its session
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

  /// Starts a thread for a user that has none; if out of memory, the next close tries again.
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

/// The charges of a session, held until its socket is closed.
final class SessionPlace: Sendable {
  private let session: SharedCharge
  private let stranger = SharedCharge(nil)

  /// Keeps the charge for one session.
  init(_ session: consuming Charge) { self.session = SharedCharge(session) }

  /// The client has become a stranger, or is no longer one.
  func change(_ charge: consuming Charge?) { stranger.replace(with: charge) }

  /// Releases the charges: the socket is closed.
  func release() {
    session.release()
    stranger.release()
  }
}
