/// Unloading could not be finished: what should go is still held.
///
/// Nothing that is in use was destroyed. Unloading can be tried again; else the process should report
/// this and exit.
public struct UnloadBlocked: Error, Sendable {
  /// What holds an object.
  public struct Holder: Sendable, Hashable {
    /// The object that is held.
    public let object: ObjectID
    /// What it is.
    public let kind: Kind
    /// What it is called.
    public let name: String
    /// What holds it: a worker's name, requests, a running body or callback, how far its end has come.
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
  /// What holds it up; never empty after the deadline.
  public let holders: [Holder]
}
