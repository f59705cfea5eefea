import Synchronization

/// Something that one thread sets and another looks at.
public final class Flag: Sendable {
  private let value = Atomic(true)

  /// Makes a flag that is set.
  public init() {}

  /// Whether `clear` was not called yet.
  public var isSet: Bool { value.load(ordering: .acquiring) }

  /// Clears it for good.
  public func clear() { value.store(false, ordering: .releasing) }
}
