internal import NDIS
internal import WDF

// Requests that need the NIC wait in a queue of their own, where they can be cancelled; the code
// that takes one out of the queue completes it.

extension OpenContext {
  /// The most OID requests an open may have waiting.
  static let maximumCardWaits = 64

  /// Queries the NIC, and calls `answer` with the request and the facts.
  ///
  /// If the request is cancelled meanwhile, by its client, with the open or because the interface
  /// goes, it is complete, and the answer to it is dropped.
  ///
  /// - Parameters:
  ///   - job: what is wanted
  ///   - parcel: the request
  ///   - set: what the request sets when the NIC has followed
  ///   - answer: called on the loop that has the session
  func askCard(
    _ job: CardJob, for parcel: RequestBox, _ set: PendingSet? = nil,
    _ answer: @escaping @Sendable (RequestBox, AdapterFacts) -> Void
  ) {
    guard let (card, queue) = cardToAsk(orComplete: parcel), let request = parcel.take(),
      let waiting = request.reference
    else {
      if let set { end(set) }
      return
    }
    switch request.forward(to: queue) {
    case .refused(let request, _):
      if let set { end(set) }
      request.complete(RequestStatus(.notBound))
    case .accepted:
      // The closure keeps it: the session may end before the kernel answers.
      let requester = self.requester
      let cardFilter = dataPath?.cardFilter
      if set != nil { cardFilter?.noteAsked(job) }
      card.ask(job, of: binding) { [weak cardFilter] result in
        // Also for a request that was cancelled; the session may be on another loop by now.
        if set != nil { cardFilter?.answered(result) }
        requester.onLoop {
          self.cardAnswered(waiting, result, answer)
          if let set { self.end(set) }
        }
      }
    }
  }

  /// The service to query, with the request queued; nil if the request was refused and completed.
  private func cardToAsk(
    orComplete parcel: RequestBox
  ) -> (card: any NICQuerying, queue: Ref<Queue>)? {
    guard let card = binding.card else {
      parcel.complete(.notSupported)
      return nil
    }
    guard let queue = madeCardQueue else {
      parcel.complete(.noMemory)
      return nil
    }
    guard queue.count < OpenContext.maximumCardWaits else {
      parcel.complete(.tooManyRequests)
      return nil
    }
    return (card, queue)
  }

  /// The queue of the waiting requests, created on first use: most clients never query the NIC.
  private var madeCardQueue: Ref<Queue>? {
    if cardQueue == nil {
      cardQueue = try? object.makeQueue(
        "OIDs", QueueConfiguration(.manual, cancelStatus: RequestStatus(.cancelled)))
    }
    return cardQueue
  }

  private func cardAnswered(
    _ waiting: FoundRequest, _ result: Result<AdapterFacts, CardError>,
    _ answer: @Sendable (RequestBox, AdapterFacts) -> Void
  ) {
    guard let cardQueue, let request = try? cardQueue.retrieve(waiting) else { return }
    let parcel = RequestBox(request)
    switch result {
    case .success(let facts): answer(parcel, facts)
    case .failure(let error): parcel.complete(error.completion)
    }
  }

  /// The binding is gone: no answer will come (D-52).
  func cancelCardWaits() {
    while let request = (try? cardQueue?.retrieveNext()) ?? nil {
      request.complete(RequestStatus(.adapterRemoved))
    }
  }
}
