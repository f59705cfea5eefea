public import NDIS
internal import Platform

/// The bindings there are, in bind order.
///
/// - Thread: any
public final class BindingList: Sendable {
  private struct State: Sendable {
    var bindings: [AdapterBinding] = []
    var generation: UInt64 = 0
    /// Of every interface there is, bound or not.
    var names: [Int32: InterfaceName] = [:]
  }
  private let state = LockedValue(State())

  /// All of them, and a number that changes with every change of the list (D-34).
  public var snapshot: (bindings: [AdapterBinding], generation: UInt64) {
    state.withLock { ($0.bindings, $0.generation) }
  }

  /// The first with exactly this name that is active (rule O-16, D-56), else with this alternative name.
  ///
  /// The kernel gives a name to one interface only. While its messages are being caught up with, an
  /// alternative name may be remembered that is another's own name by now: that one is meant.
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

  /// The one of an interface.
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
