/// The edge below for calls that may block on the kernel's rtnl lock, for as long as it is held.
///
/// - Thread: one, which does nothing else
/// - Windows: the miniport's MiniportOidRequest
public protocol AdapterControl: AnyObject {
  /// What never changes about an interface.
  ///
  /// - Throws: `MiniportError.noSuchDevice` if it is gone
  func identity(of interfaceIndex: Int32) throws(MiniportError) -> AdapterIdentity

  /// Queries the NIC's driver or the kernel; what they do not know stays unknown.
  ///
  /// - Throws: `MiniportError.noSuchDevice` if the interface is gone
  func facts(
    _ kinds: AdapterFacts.Kinds, of interfaceIndex: Int32
  ) throws(MiniportError) -> AdapterFacts

  /// Makes these the only memberships of a binding on its NIC; others of an earlier call are left.
  ///
  /// - Parameters:
  ///   - memberships: an empty set gives everything back, and never throws
  ///   - interfaceIndex: the interface
  ///   - owner: the binding: the index of an interface that is gone may be reused
  /// - Throws: the first refusal; the memberships that are possible are joined
  func join(
    _ memberships: MembershipSet, on interfaceIndex: Int32, for owner: UInt64
  ) throws(MiniportError)
}
