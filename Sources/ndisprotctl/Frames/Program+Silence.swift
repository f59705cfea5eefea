internal import Glibc
internal import NdisprotClient

extension Program {
  /// Explains why frames may not arrive, before a reader waits for them.
  ///
  /// - Parameters:
  ///   - binding: the binding being read
  ///   - refused: groups of its protocol that it may not join
  func explainSilence(of binding: OpenBinding, _ refused: [MACAddress]) {
    explainRefusal(of: refused, binding)
    let name = binding.name.printableName
    // Missing information from the daemon is no failure of the read.
    let index = binding.granted.interfaceIndex
    let entry = (try? binding.connection.bindings())?.first { $0.interfaceIndex == index }
    guard let entry else { return }
    switch entry.state {
    case .paused, .pausing:
      output.hint("\(name) is paused: frames move again after 'ndisprotctl restart \(name)'")
    default: break
    }
    if !entry.isPowered {
      output.hint("\(name) is down: frames come after 'ip link set \(name) up'")
    } else if entry.link == .disconnected {
      output.hint("\(name) has no carrier: plug the cable in, or set its peer up")
    }
  }

  /// Reports that frames to some groups will not arrive.
  func explainRefusal(of groups: [MACAddress], _ binding: OpenBinding) {
    guard let group = groups.first else { return }
    let name = binding.name.printableName
    output.hint(
      "\(name): your rule has no right to join \(group), where frames of this protocol go: only "
        + "those to \(name) itself are shown. Ask an administrator for the right join, or leave "
        + "the groups away with --no-group; --group names others")
  }
}
