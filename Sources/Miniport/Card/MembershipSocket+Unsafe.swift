internal import CLinux
internal import Glibc
internal import MDL
internal import NDIS

/// A packet socket that neither receives nor sends: it holds a binding's memberships on its NIC.
///
/// The kernel ends the memberships when the socket is closed, and when the interface is deleted.
///
/// - Thread: the kernel thread: joining, leaving and closing block on the rtnl lock
/// - Source: packet(7), PACKET_ADD_MEMBERSHIP
@safe final class MembershipSocket {
  private let descriptor: Int32
  private let interfaceIndex: Int32
  /// The memberships that the kernel accepted.
  private(set) var joined = MembershipSet()

  init(_ interfaceIndex: Int32) throws(MiniportError) {
    self.interfaceIndex = interfaceIndex
    // Protocol 0: the kernel delivers no frame to it.
    let kind = SOCK_RAW.rawValue | SOCK_CLOEXEC.rawValue
    descriptor = socket(AF_PACKET, Int32(bitPattern: kind), 0)
    guard descriptor >= 0 else { throw MiniportError(failed: "socket(AF_PACKET)") }
  }

  deinit { close(descriptor) }

  /// Joins the wanted memberships and leaves the others.
  ///
  /// - Throws: the first refusal, after all the rest is done
  func follow(_ wanted: MembershipSet) throws(MiniportError) {
    var refusal: MiniportError?
    func change(_ isWanted: Bool, _ type: Int32, _ group: MACAddress = .zero) -> Bool {
      do throws(MiniportError) {
        try set(isWanted, type, group)
        return isWanted
      } catch {
        // Nothing to leave: the interface is gone, and its memberships with it.
        guard isWanted else { return false }
        refusal = refusal ?? error
        return false
      }
    }
    if wanted.isPromiscuous != joined.isPromiscuous {
      joined.isPromiscuous = change(wanted.isPromiscuous, PACKET_MR_PROMISC)
    }
    if wanted.hearsAllGroups != joined.hearsAllGroups {
      joined.hearsAllGroups = change(wanted.hearsAllGroups, PACKET_MR_ALLMULTI)
    }
    for group in joined.groups.subtracting(wanted.groups) {
      _ = change(false, PACKET_MR_MULTICAST, group)
      joined.groups.remove(group)
    }
    for group in wanted.groups.subtracting(joined.groups)
    where change(true, PACKET_MR_MULTICAST, group) {
      joined.groups.insert(group)
    }
    if let refusal { throw refusal }
  }

  private func set(_ isWanted: Bool, _ type: Int32, _ group: MACAddress) throws(MiniportError) {
    var request = packet_mreq()
    request.mr_ifindex = interfaceIndex
    request.mr_type = UInt16(truncatingIfNeeded: type)
    request.mr_alen = 6
    let octets = group.octets
    request.mr_address = (
      octets[0], octets[1], octets[2], octets[3], octets[4], octets[5], 0, 0
    )
    let option = isWanted ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP
    guard
      unsafe setsockopt(
        descriptor, SOL_PACKET, option, &request, socklen_t(MemoryLayout<packet_mreq>.size)) == 0
    else {
      let failure = MiniportError(failed: "setsockopt(PACKET_ADD_MEMBERSHIP)")
      guard case .system(ENODEV, _) = failure else { throw failure }
      throw .noSuchDevice
    }
  }
}
