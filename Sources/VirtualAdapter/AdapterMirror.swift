internal import NdisprotClient
internal import Platform

/// Makes an adapter look like its binding, and keeps it up to date.
///
/// Only what changed outside is changed inside: what the program set itself stays until then. A
/// change that the kernel refuses inside is skipped, such as an MTU that a TAP cannot have.
///
/// - Thread: the pump's
final class AdapterMirror {
  private let device: any AdapterDevice
  private let link: AdapterLink
  private var address: MACAddress
  private var mtu: UInt32
  /// The binding's name, for reopening it.
  private(set) var name: String

  init(_ plan: AdapterPlan, _ device: any AdapterDevice, _ link: AdapterLink) {
    (self.device, self.link) = (device, link)
    (address, mtu, name) = (plan.address, plan.mtu, plan.name.text)
  }

  /// Applies a binding's current state.
  func show(_ entry: BindingEntry) {
    if entry.address != address {
      address = entry.address
      try? link.setAddress(address)
    }
    if entry.mtu != mtu {
      mtu = entry.mtu
      device.setMTU(mtu)
      try? link.setMTU(mtu)
    }
    if entry.name != name {
      name = entry.name
      if let name = InterfaceName(name) { try? link.setName(name) }
    }
    device.setCarrier(entry.isPowered && entry.link != .disconnected)
  }

  /// Shows that the binding is absent.
  func showAbsence() { device.setCarrier(false) }
}

extension ClientError {
  /// Whether the error may go away in a moment: the daemon starts, the interface comes back.
  var isPassing: Bool {
    switch self {
    case .cannotReach, .daemonGone, .timedOut, .interrupted: return true
    default: break
    }
    let passing: [CompletionStatus] = [
      .adapterNotFound, .adapterRemoved, .bindingGone, .notBound, .notReady, .lowPower, .cancelled,
      .busy, .tooManySessions,
    ]
    return status.map(passing.contains) ?? false
  }
}
