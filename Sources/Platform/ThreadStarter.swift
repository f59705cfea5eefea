/// Starts a thread of a name; false if none can be had, and then the body is not run.
///
/// - Thread: any
public typealias ThreadStarter =
  @Sendable (_ name: String, _ body: @escaping @Sendable () -> Void) -> Bool
