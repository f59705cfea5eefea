public import NDIS
public import WDF

/// A request on its way through a closure or to another loop; it can be taken out once.
///
/// A closure cannot hold a noncopyable value. A request that is never taken out is completed as
/// dropped, and reported by the framework.
///
/// - Thread: handed from one to the next, never shared
public final class RequestBox: @unchecked Sendable {
  // Unchecked: the current owner of the parcel is the only one to open it.
  private var request: OwnedRequest?
  /// The parameters of the request, available after `take` too.
  public let parameters: RequestParameters

  /// Wraps a request.
  public init(_ request: consuming OwnedRequest) {
    parameters = request.parameters
    self.request = consume request
  }

  /// The request, the first time.
  public func take() -> OwnedRequest? { request.take() }

  /// Completes what is still inside.
  public func complete(_ status: CompletionStatus, bytesNeeded: Int = 0) {
    guard let request = take() else { return }
    request.complete(RequestStatus(status), information: 0, bytesNeeded: bytesNeeded)
  }
}
