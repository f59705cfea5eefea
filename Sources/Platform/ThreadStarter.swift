/// Starts a thread with a name; false if that fails: then the body does not run.
///
/// - Thread: any
public typealias ThreadStarter =
  @Sendable (_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool
