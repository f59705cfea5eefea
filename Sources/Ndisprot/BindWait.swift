internal import NDIS
internal import WDF

/// The requests that wait until interfaces are bound: excallbk.c and BIND_WAIT of the sample.
///
/// - Thread: control
/// - Source: `spec/ndisprot-semantics.md` Q-6…Q-8, D-33
final class BindWait: @unchecked Sendable {  // Confined to control.
  private struct Waiter {
    let number: UInt64
    let file: ObjectID?
    let id: UInt64
    let names: [InterfaceName]
    let request: RequestParcel
  }

  private var waiters: [Waiter] = []
  private var nextNumber: UInt64 = 0
  /// The first dump of interfaces is through and every wanted one that is there was tried.
  private(set) var areBindsComplete = false

  /// Takes a request; it completes when all `names` are bound, or times out.
  ///
  /// No name means the first binds, as in the sample.
  func add(
    _ request: consuming OwnedRequest, names: [InterfaceName], timeoutNanoseconds: UInt64,
    executor: any Executor, isBound: (InterfaceName) -> Bool
  ) {
    if isSatisfied(names, isBound) {
      request.complete(RequestStatus(.success))
      return
    }
    let number = nextNumber
    nextNumber += 1
    waiters.append(
      Waiter(
        number: number, file: request.fileObject?.id, id: request.parameters.id, names: names,
        request: RequestParcel(request)))
    _ = executor.schedule(afterNanoseconds: timeoutNanoseconds) { [weak self] in
      self?.finish(.timedOut) { $0.number == number }
    }
  }

  private func isSatisfied(_ names: [InterfaceName], _ isBound: (InterfaceName) -> Bool) -> Bool {
    names.isEmpty ? areBindsComplete : names.allSatisfy(isBound)
  }

  /// NetEventBindsComplete: it happens once.
  func bindsComplete(isBound: (InterfaceName) -> Bool) {
    areBindsComplete = true
    bindingsChanged(isBound: isBound)
  }

  /// Something was bound: looks who waited for it.
  func bindingsChanged(isBound: (InterfaceName) -> Bool) {
    finish(.success) { isSatisfied($0.names, isBound) }
  }

  /// Cancels one request of a session; false if it does not wait here.
  func cancel(_ id: UInt64, of file: ObjectID) -> Bool {
    finish(.cancelled) { $0.file == file && $0.id == id }
  }

  /// The session is gone: whatever it waited for.
  func cancelAll(of file: ObjectID) {
    finish(.cancelled) { $0.file == file }
  }

  /// The driver unloads.
  func cancelAll() {
    finish(.cancelled) { _ in true }
  }

  @discardableResult
  private func finish(_ status: CompletionStatus, where isMeant: (Waiter) -> Bool) -> Bool {
    let finished = waiters.filter(isMeant)
    waiters.removeAll { waiter in finished.contains { $0.number == waiter.number } }
    for waiter in finished {
      waiter.request.complete(status)
    }
    return !finished.isEmpty
  }
}
