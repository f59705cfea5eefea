internal import Platform

/// A request owned by the driver, which must end it: complete it, or pass it on.
///
/// It cannot be copied, so it is completed once. One that goes out of scope is completed with
/// STATUS_INTERNAL_ERROR and reported as `VE-DROPPED`.
///
/// - Windows: WDFREQUEST, owned by the driver
public struct OwnedRequest: ~Copyable, Sendable {
  private var core: RequestCore?

  init(_ core: RequestCore) { self.core = core }

  var requestCore: RequestCore? { core }

  /// What is requested.
  public var parameters: RequestParameters {
    core?.parameters ?? RequestParameters(type: .other, id: 0)
  }

  /// The client's identifier.
  public var id: UInt64 { parameters.id }

  /// The file object of its client; nil for a request of the driver's own.
  public var fileObject: Ref<FileObject>? { core?.file.map { Ref($0) } }

  /// Whether a cancel was requested.
  ///
  /// - Windows: WdfRequestIsCanceled
  public var isCancelled: Bool { core?.isCancelled ?? true }

  /// The status with which a cancel callback completes the request: the cancel status of its queue,
  /// or ``RequestStatus/timedOut`` if its deadline cancelled it.
  public var cancelStatus: RequestStatus {
    guard let core else { return .cancelled }
    return core.queue?.cancelStatus(of: core) ?? (core.isTimedOut ? .timedOut : .cancelled)
  }

  /// The buffers of the request, as the type that the driver gave them.
  public func buffers<B: RequestBuffers>(as type: B.Type) -> B? { parameters.buffers(as: type) }

  /// Cancels the request after a time, wherever it is then; `nil` removes the deadline.
  ///
  /// The queue that has the request, or the one it is forwarded to next, keeps the deadline; it
  /// moves with the request from queue to queue. For the consequences see
  /// ``QueueConfiguration/timeout``.
  /// - Complexity: O(log n) of the queue's requests that have a deadline
  public func setDeadline(after time: Duration?) {
    guard let core else { return }
    core.deadline = time.map { monotonicNanoseconds() &+ $0.clampedNanoseconds }
    core.queue?.changeDeadline(core)
  }

  /// A reference through which others can see and cancel the request, now and later.
  public var reference: FoundRequest? { core.map { FoundRequest(core: $0) } }

  /// Ends the request.
  ///
  /// - Arguments:
  ///   - status: the result
  ///   - information: the number of bytes moved; no more than the client's room is reported
  ///   - bytesNeeded: the number of bytes that would have been needed
  /// - Windows: WdfRequestCompleteWithInformation
  public consuming func complete(
    _ status: RequestStatus, information: Int = 0, bytesNeeded: Int = 0
  ) {
    core.take()?.complete(status, information: information, bytesNeeded: bytesNeeded)
  }

  /// Ends a request that the driver has already answered to the client: the sink's
  /// ``RequestSink/requestAnswered(_:status:information:)`` is called.
  ///
  /// For a driver whose output lies in memory that it must not keep, such as a ring, and is sent
  /// first.
  public consuming func completeAnswered(_ status: RequestStatus, information: Int = 0) {
    core.take()?.complete(status, information: information, bytesNeeded: 0, isAnswered: true)
  }

  /// Passes the request to another queue, at its end.
  ///
  /// - Windows: WdfRequestForwardToIoQueue
  public consuming func forward(to queue: Ref<Queue>) -> HandOff {
    guard let core = core.take() else { return .accepted }
    guard case .queue(let destination) = queue.core.payload else {
      return .refused(OwnedRequest(core), queue.core.error(.wrongType))
    }
    if let refusal = destination.take(core, forwardedTo: queue.core) {
      return .refused(OwnedRequest(core), refusal)
    }
    return .accepted
  }

  /// Puts the request back at the head of the manual queue that it came from.
  ///
  /// - Windows: WdfRequestRequeue
  public consuming func requeue() -> HandOff {
    guard let core = core.take() else { return .accepted }
    guard let queue = core.queue else {
      return .refused(OwnedRequest(core), WdfError(.invalidRequest))
    }
    if let refusal = queue.takeBack(core) { return .refused(OwnedRequest(core), refusal) }
    return .accepted
  }

  /// Lets a cancel call `onCancel` with the request, unless one was requested already.
  ///
  /// - Windows: WdfRequestMarkCancelableEx
  public consuming func markCancelable(
    _ onCancel: @escaping @Sendable (consuming OwnedRequest) -> Void
  ) -> MarkOutcome {
    guard let core = core.take() else { return .alreadyCancelled(self) }
    core.onCancel = onCancel
    let isRemembered = core.queue?.rememberCancelable(core) ?? true
    if isRemembered, core.move(from: .owned, to: .cancelable, toleratesCancel: false) {
      return .marked(CancelableRequest(core))
    }
    core.queue?.forgetCancelable(core)
    core.onCancel = nil
    return .alreadyCancelled(OwnedRequest(core))
  }

  deinit {
    guard let core else { return }
    core.framework.reporter.report(
      .dropped, core.file?.id, .request, core.file?.name ?? "",
      "request \(core.parameters.id) went out of scope")
    core.complete(.internalError, information: 0, bytesNeeded: 0)
  }
}

/// Whether a request was accepted.
public enum HandOff: ~Copyable, Sendable {
  /// It belongs to the receiver now.
  case accepted
  /// It still belongs to the caller, because of the error.
  case refused(OwnedRequest, WdfError)
}

/// Whether a request is cancelable from now on.
public enum MarkOutcome: ~Copyable, Sendable {
  /// It is; the payload can take it back.
  case marked(CancelableRequest)
  /// A cancel came first; the callback will not be called.
  case alreadyCancelled(OwnedRequest)
}

/// Whether a request was taken back.
public enum UnmarkOutcome: ~Copyable, Sendable {
  /// It was; the cancel callback will not be called.
  case reclaimed(OwnedRequest)
  /// The cancel callback has it, or has had it.
  case cancelWon
}

/// The right to take a cancelable request back before it is cancelled.
public struct CancelableRequest: ~Copyable, Sendable {
  private var core: RequestCore?

  init(_ core: RequestCore) { self.core = core }

  /// Takes the request back unless a cancel won.
  ///
  /// - Windows: WdfRequestUnmarkCancelable
  public consuming func unmark() -> UnmarkOutcome {
    guard let core = core.take() else { return .cancelWon }
    return Self.reclaim(core)
  }

  private static func reclaim(_ core: RequestCore) -> UnmarkOutcome {
    guard core.move(from: .cancelable, to: .owned, toleratesCancel: false) else {
      return .cancelWon
    }
    core.queue?.forgetCancelable(core)
    core.onCancel = nil
    return .reclaimed(OwnedRequest(core))
  }

  deinit {
    // It could never be taken back: better to end it here than to hold it until a cancel.
    if let core { _ = Self.reclaim(core) }
  }
}

/// A request seen in a queue, not owned: it may be gone at any time.
public struct FoundRequest: Sendable {
  let core: RequestCore

  /// Cancels the request, wherever it is by now.
  @discardableResult
  public func cancel() -> CancelOutcome { core.cancel() }

  /// What is requested.
  public let parameters: RequestParameters

  /// The file object of its client.
  public let fileObject: Ref<FileObject>?

  /// Copies the data of a queued request; the caller holds the lock of its queue.
  init(core: RequestCore) {
    self.core = core
    parameters = core.parameters
    fileObject = core.file.map { Ref($0) }
  }
}
