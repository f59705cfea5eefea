internal import CLinux
internal import Ndisprot

extension Credentials {
  /// What the kernel says of the process at the other end; nil if it says nothing.
  ///
  /// - Source: SO_PEERCRED, SO_PEERGROUPS; unix(7)
  init?(ofPeer descriptor: Int32) {
    var credentials = clinux_ucred()
    guard unsafe clinux_peer_credentials(descriptor, &credentials) == 0 else { return nil }
    var groups = [UInt32](repeating: 0, count: 64)
    var count = unsafe clinux_peer_groups(descriptor, &groups, UInt32(groups.count))
    if count > groups.count {
      groups = [UInt32](repeating: 0, count: Int(count))
      count = unsafe clinux_peer_groups(descriptor, &groups, UInt32(groups.count))
    }
    self.init(
      processID: credentials.pid, userID: credentials.uid, groupID: credentials.gid,
      groups: Array(groups.prefix(max(0, Int(count)))))
  }
}
