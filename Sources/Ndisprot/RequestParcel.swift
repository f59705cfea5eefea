public import NDIS
public import WDF

/// A request on its way through a closure or to another loop, which takes it out once.
///
/// A closure cannot hold a noncopyable value. One that nobody takes out is completed as dropped,
/// and reported by the framework.
///
/// - Thread: handed from one to the next, never shared
public final class RequestParcel: @unchecked Sendable {
  // Unchecked: whoever has been handed the parcel is the only one to open it.
  private var request: OwnedRequest?
  /// What the request asked, also when it is out.
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
