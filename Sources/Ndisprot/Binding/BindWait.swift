internal import NDIS
internal import WDF

/// The requests that wait until interfaces are bound: excallbk.c and BIND_WAIT of the sample.
///
/// Each request holds a charge of its session. A request that ends, for whatever reason, leaves
/// nothing behind: its timer is disarmed with it.
///
/// - Thread: control
/// - Complexity: O(1) to add and cancel one, O(log n) for its timer
/// - Source: `Ndisprot.docc/Rules.md` Q-6…Q-8, D-33; threat T5
final class BindWait: @unchecked Sendable {  // Confined to control.
  /// The longest wait; a client that wants to wait longer asks again.
  static let maximumNanoseconds: UInt64 = 24 * 3_600 * 1_000_000_000

  private final class Waiter {
    let names: [InterfaceName]
    let request: RequestBox
    private let charge: Charge?
    private let number: UInt64
    var timer: (any ScheduledWork)?

    init(
      _ number: UInt64, _ names: [InterfaceName], _ request: RequestBox,
      _ charge: consuming Charge?
    ) {
      self.number = number
      self.names = names
      self.request = request
      self.charge = charge
    }

    /// Earlier requests are answered first.
    static func precedes(_ one: Waiter, _ other: Waiter) -> Bool { one.number < other.number }
  }

  private var waiters: [ObjectID: [UInt64: Waiter]] = [:]
  private var nextNumber: UInt64 = 0
  /// The first dump of interfaces is complete, and a bind was tried for every wanted one in it.
  private(set) var areBindsComplete = false

  /// Requests that wait.
  var count: Int { waiters.values.reduce(0) { $0 + $1.count } }

  /// Takes a request; it completes when all `names` are bound, or times out.
  ///
  /// No name means the first binds, as in the sample.
  func add(
    _ request: consuming OwnedRequest, names: [InterfaceName], timeoutNanoseconds: UInt64,
    executor: any Executor, charge: consuming Charge? = nil, isBound: (InterfaceName) -> Bool
  ) {
    guard !isSatisfied(names, isBound), let file = request.fileObject?.id else {
      request.complete(RequestStatus(.success))
      return
    }
    let id = request.parameters.id
    let waiter = Waiter(nextNumber, names, RequestBox(request), charge)
    nextNumber += 1
    waiters[file, default: [:]][id] = waiter
    waiter.timer = executor.schedule(
      afterNanoseconds: min(timeoutNanoseconds, BindWait.maximumNanoseconds)
    ) { [weak self] in
      guard let self, waiters[file]?[id] != nil else { return }
      _ = finish(id, of: file, .timedOut)
    }
  }

  private func isSatisfied(_ names: [InterfaceName], _ isBound: (InterfaceName) -> Bool) -> Bool {
    names.isEmpty ? areBindsComplete : names.allSatisfy(isBound)
  }

  /// NetEventBindsComplete: happens once.
  func bindsComplete(isBound: (InterfaceName) -> Bool) {
    areBindsComplete = true
    bindingsChanged(isBound: isBound)
  }

  /// An interface was bound: completes the requests that waited for it.
  func bindingsChanged(isBound: (InterfaceName) -> Bool) {
    var satisfied: [Waiter] = []
    for (file, ofFile) in waiters {
      for (id, waiter) in ofFile where isSatisfied(waiter.names, isBound) {
        satisfied.append(waiter)
        remove(id, of: file)
      }
    }
    finish(satisfied, .success)
  }

  /// Cancels one request of a session; false if it does not wait here.
  func cancel(_ id: UInt64, of file: ObjectID) -> Bool { finish(id, of: file, .cancelled) }

  /// The session is gone: cancels all its requests.
  func cancelAll(of file: ObjectID) {
    guard let ofFile = waiters.removeValue(forKey: file) else { return }
    finish(Array(ofFile.values), .cancelled)
  }

  /// The driver unloads.
  func cancelAll() {
    let all = waiters.values.flatMap(\.values)
    waiters = [:]
    finish(all, .cancelled)
  }

  private func remove(_ id: UInt64, of file: ObjectID) {
    waiters[file]?[id] = nil
    if waiters[file]?.isEmpty == true { waiters[file] = nil }
  }

  private func finish(_ id: UInt64, of file: ObjectID, _ status: CompletionStatus) -> Bool {
    guard let waiter = waiters[file]?[id] else { return false }
    remove(id, of: file)
    finish([waiter], status)
    return true
  }

  private func finish(_ finished: [Waiter], _ status: CompletionStatus) {
    for waiter in finished.sorted(by: Waiter.precedes) {
      waiter.timer?.cancel()
      waiter.timer = nil
      waiter.request.complete(status)
    }
  }
}
