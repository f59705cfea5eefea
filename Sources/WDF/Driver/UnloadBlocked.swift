/// Unloading could not be finished: somebody still holds what should go.
///
/// Nothing that is in use was destroyed. The process should say so and end.
public struct UnloadBlocked: Error, Sendable {
  /// Somebody who holds an object.
  public struct Holder: Sendable, Hashable {
    /// The object that is held.
    public let object: ObjectID
    /// What it is.
    public let kind: Kind
    /// What it is called.
    public let name: String
    /// What holds it: a worker's name, a request, a running body.
    public let tag: String
    /// The thread that holds it, as the kernel numbers it; 0 if unknown.
    public let threadID: Int32
    /// For how long.
    public let age: Duration
  }

  /// `.timedOut` after the deadline, `.wouldDeadlock` if the caller must not wait.
  public let reason: WdfError.Code
  /// The step of the unload sequence that was waited in.
  public let stage: Int
  /// Who holds it up.
  public let holders: [Holder]
}
