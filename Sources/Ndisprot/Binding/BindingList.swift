public import NDIS
internal import Platform

/// All bindings, in bind order.
///
/// - Thread: any
public final class BindingList: Sendable {
  private struct State: Sendable {
    var bindings: [AdapterBinding] = []
    var generation: UInt64 = 0
    /// The names of all interfaces, bound or not.
    var names: [Int32: InterfaceName] = [:]
  }
  private let state = LockedValue(State())

  /// All bindings, and a number that changes with every change of the list (D-34).
  public var snapshot: (bindings: [AdapterBinding], generation: UInt64) {
    state.withLock { ($0.bindings, $0.generation) }
  }

  /// The first active binding with exactly this name (rule O-16, D-56), else with this alternative
  /// name.
  ///
  /// In the kernel a name belongs to one interface only. While its messages are still being
  /// processed, the list may hold an alternative name that has become the name of another
  /// interface: the other interface wins.
  public func binding(named name: InterfaceName) -> AdapterBinding? {
    let active = snapshot.bindings.map { ($0, $0.snapshot) }.filter { $0.1.isActive }
    let found =
      active.first { $0.1.attributes.name == name }
      ?? active.first { $0.1.attributes.alternativeNames.contains(name) }
    return found?.0
  }

  /// The name of any interface, bound or not.
  public func name(ofInterface index: Int32) -> InterfaceName? {
    state.withLock { $0.names[index] }
  }

  /// The binding of an interface.
  public func binding(interfaceIndex: Int32) -> AdapterBinding? {
    snapshot.bindings.first { $0.interfaceIndex == interfaceIndex }
  }

  func note(_ name: InterfaceName?, of index: Int32) {
    state.withLock { $0.names[index] = name }
  }

  func append(_ binding: AdapterBinding) {
    state.withLock {
      $0.bindings.append(binding)
      $0.generation += 1
    }
  }

  func remove(_ binding: AdapterBinding) {
    state.withLock {
      $0.bindings.removeAll { $0 === binding }
      $0.generation += 1
    }
  }
}
