internal import Ndisprot
internal import Platform

extension Credentials {
  /// What the kernel reports about the peer process; nil if it reports nothing.
  init?(ofPeer descriptor: Int32) {
    let socket = UnixSocket(descriptor)
    guard let peer = try? socket.peer() else { return nil }
    self.init(
      processID: peer.processID, userID: peer.userID, groupID: peer.groupID,
      groups: socket.peerGroups)
  }
}
