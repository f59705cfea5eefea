/// The edge below for calls that may wait for the kernel's rtnl lock, for as long as anybody holds it.
///
/// - Thread: one, which does nothing else
/// - Windows: the miniport's MiniportOidRequest
public protocol AdapterControl: AnyObject {
  /// What never changes of an interface.
  ///
  /// - Throws: `MiniportError.noSuchDevice` if it is gone
  func identity(of interfaceIndex: Int32) throws(MiniportError) -> AdapterIdentity

  /// Asks the card's driver or the kernel; what they do not know stays unknown.
  ///
  /// - Throws: `MiniportError.noSuchDevice` if the interface is gone
  func facts(
    _ kinds: AdapterFacts.Kinds, of interfaceIndex: Int32
  ) throws(MiniportError) -> AdapterFacts

  /// Makes these all that a binding wants of its card; what an earlier call joined beyond is left.
  ///
  /// - Parameters:
  ///   - memberships: an empty set gives everything back, and never throws
  ///   - interfaceIndex: the interface
  ///   - owner: the binding: the index of an interface that is gone may be another's
  /// - Throws: the first refusal; what could be joined is joined
  func join(
    _ memberships: MembershipSet, on interfaceIndex: Int32, for owner: UInt64
  ) throws(MiniportError)
}
