internal import NDIS
internal import WDF

// Pause: writes that were taken before go out, later ones are refused (rule B-16).

/// A pause that waits for writes.
struct Drain {
  /// Hears how many writes had to be cancelled.
  let completion: @Sendable (Int) -> Void
  /// Cancels the rest when time is over.
  let deadline: any ScheduledWork
}

extension BindingDataPath {
  /// How long the writes of a pause may take (D-39).
  static let drainNanoseconds: UInt64 = 10_000_000_000

  /// Takes no frames any more, and calls back when the pended writes are through.
  ///
  /// Those that are not through in time are cancelled.
  /// - Parameter completion: called once, on the binding's thread, with how many were cancelled
  public func drain(_ completion: @escaping @Sendable (Int) -> Void) {
    attributesChanged(.drainSends)
    let deadline = executor.schedule(afterNanoseconds: BindingDataPath.drainNanoseconds) {
      [weak self] in self?.cancelDrain()
    }
    drain = Drain(completion: completion, deadline: deadline)
    noteDrained(cancelledWrites: 0)
  }

  /// Ends the pause's wait if no write is pended any more.
  func noteDrained(cancelledWrites: Int) {
    guard let drain, opens.allSatisfy(\.writes.isEmpty) else { return }
    self.drain = nil
    drain.deadline.cancel()
    note(.ndis, "drained", nil, cancelledWrites)
    drain.completion(cancelledWrites)
  }

  private func cancelDrain() {
    guard drain != nil else { return }
    var count = 0
    for open in opens {
      count += open.writes.count
      cancelWrites(of: open, status: .sendCancelled)
    }
    noteDrained(cancelledWrites: count)
  }
}
