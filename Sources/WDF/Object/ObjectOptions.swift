/// Attributes for the creation of an object.
///
/// - Windows: WDF_OBJECT_ATTRIBUTES
public struct ObjectOptions: Hashable, Sendable {
  /// Where callbacks of the object may run.
  public enum Level: Hashable, Sendable {
    /// As for the parent; the driver itself is passive.
    case inherit
    /// Never in a dispatch section: deletes there are deferred to the dispose thread.
    case passive
    /// Anywhere.
    case dispatch
  }

  /// Which callbacks exclude each other.
  public enum Scope: Hashable, Sendable {
    /// As for the parent; the driver itself has none.
    case inherit
    /// All I/O callbacks of all queues of the device.
    case device
    /// All I/O callbacks of one queue.
    case queue
    /// None.
    case none
  }

  /// Where callbacks may run.
  public var level: Level
  /// Which callbacks exclude each other.
  public var scope: Scope

  /// Creates attributes; by default both are inherited.
  public init(level: Level = .inherit, scope: Scope = .inherit) {
    self.level = level
    self.scope = scope
  }
}
