public import NDIS
public import WDF

// INDICATE_STATUS: one request, one indication; indications that no request waits for are kept
// (D-35).

extension OpenContext {
  /// The most requests an open may have waiting for an indication.
  static let maximumStatusWaits = 64

  /// Takes an INDICATE_STATUS, or refuses it (rules ).
  ///
  /// - Thread: the loop that has the session
  public func awaitStatus(_ request: consuming OwnedRequest) {
    guard !isDead else {
      request.complete(RequestStatus(.notBound))
      return
    }
    let headerByteCount = StatusIndication.headerByteCount
    guard request.parameters.outputByteCount >= headerByteCount else {
      request.complete(
        RequestStatus(.bufferTooSmall), information: 0, bytesNeeded: headerByteCount)
      return
    }
    guard let queue = madeStatusQueue else {
      request.complete(RequestStatus(.noMemory))
      return
    }
    guard queue.count < OpenContext.maximumStatusWaits else {
      request.complete(RequestStatus(.tooManyRequests))
      return
    }
    switch request.forward(to: queue) {
    case .accepted: serveStatus()
    case .refused(let request, _): request.complete(RequestStatus(.notBound))
    }
  }

  /// The queue of the waiting requests, created on first use: most clients never ask.
  private var madeStatusQueue: Ref<Queue>? {
    if statusQueue == nil {
      statusQueue = try? object.makeQueue(
        "statuses", QueueConfiguration(.manual, cancelStatus: RequestStatus(.cancelled)))
    }
    return statusQueue
  }

  /// The adapter indicates a status: it completes the oldest request, or is kept for the next one.
  ///
  /// - Thread: the loop that has the session
  public func indicate(_ indication: StatusIndication) {
    indications.add(indication)
    serveStatus()
  }

  /// Completes requests while indications are left; one that does not fit stays (D-35, D-57).
  private func serveStatus() {
    while let output = indications.first?.encoded,
      let request = (try? statusQueue?.retrieveNext()) ?? nil
    {
      guard output.count <= request.parameters.outputByteCount else {
        request.complete(RequestStatus(.partialData), information: 0, bytesNeeded: output.count)
        continue
      }
      _ = indications.takeFirst()
      let bytes = output.span
      unsafe request.answer(
        Answer(information: output.count), bytes.bytes, through: requester)
    }
  }

  /// The binding is gone: no more indications will come (rule Q-41).
  func cancelStatuses() {
    while let request = (try? statusQueue?.retrieveNext()) ?? nil {
      request.complete(RequestStatus(.adapterRemoved))
    }
  }
}
