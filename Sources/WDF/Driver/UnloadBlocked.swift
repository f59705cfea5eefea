/// Unloading could not be finished: some objects are still held.
///
/// Nothing that is in use was destroyed. Unloading can be repeated; otherwise the process should
/// report this and exit.
public struct UnloadBlocked: Error, Sendable {
  /// What holds an object.
  public struct Holder: Sendable, Hashable {
    /// The object that is held.
    public let object: ObjectID
    /// The kind of the object.
    public let kind: Kind
    /// The name of the object.
    public let name: String
    /// The holder: a worker's name, requests, a running body or callback, the progress of its end.
    public let tag: String
    /// The kernel's id of the thread that holds it; 0 if unknown.
    public let threadID: Int32
    /// For how long.
    public let age: Duration
  }

  /// `.timedOut` after the deadline, `.wouldDeadlock` if the caller must not wait.
  public let reason: WdfError.Code
  /// The step of the unload sequence during which it waited.
  public let stage: Int
  /// The obstacles; never empty after the deadline.
  public let holders: [Holder]
}
