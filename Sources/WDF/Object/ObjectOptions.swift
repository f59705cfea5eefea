/// Attributes of an object to be made.
///
/// - Windows: WDF_OBJECT_ATTRIBUTES
public struct ObjectOptions: Hashable, Sendable {
  /// Where callbacks of the object may run.
  public enum Level: Hashable, Sendable {
    /// As the parent's; the driver's own is passive.
    case inherit
    /// Never in a dispatch section: there, deleting is put off to the dispose thread.
    case passive
    /// Anywhere.
    case dispatch
  }

  /// Which callbacks exclude each other.
  public enum Scope: Hashable, Sendable {
    /// As the parent's; the driver's own is none.
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

  /// Makes attributes; without arguments both are inherited.
  public init(level: Level = .inherit, scope: Scope = .inherit) {
    self.level = level
    self.scope = scope
  }
}
