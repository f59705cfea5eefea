internal import NdisprotClient
internal import Platform

// Why a binding does not exist: a typing mistake, an interface that is not bound, or cannot be.

extension Output {
  /// The cause and the remedy for a binding that the daemon does not list.
  static func words(absent context: Context) -> (cause: String, remedy: String) {
    let name = context.binding
    let cause = "there is no binding \(name)"
    // The machine cannot tell more about an index, or about a name that no interface can have.
    guard !name.hasPrefix("@") else { return (cause, others(context)) }
    if let objection = InterfaceName.objection(to: name) {
      return ("\(cause): \(objection)", "See 'ndisprotctl bindings' for what is there")
    }
    switch context.localInterface {
    case .foreign(let type):
      return (
        "\(name) is there, and is \(LocalInterface.words(type)): only Ethernet interfaces can be bound",
        "Name an Ethernet interface. \(others(context))"
      )
    case .ethernet:
      return (
        "the interface \(name) is there, and the daemon has not bound it, or no rule lets you use it",
        "Have an administrator name it: ndisprotctl policy add USER \(name) PROTOCOL; or start "
          + "ndisprotd with --interface \(name). \(others(context))"
      )
    case nil: break
    }
    let nearest = Suggestion.nearest(to: name, in: context.present ?? [])
    if let nearest {
      return (cause, "Did you mean \(nearest.printableName)? \(others(context))")
    }
    guard context.present?.isEmpty == false else { return (cause, others(context)) }
    return (cause, "\(others(context)); others must be in the configuration of ndisprotd")
  }

  /// The interfaces that are bound.
  private static func others(_ context: Context) -> String {
    guard let present = context.present else {
      return "See 'ndisprotctl bindings' for what is there"
    }
    guard !present.isEmpty else {
      let name = context.binding.hasPrefix("@") ? "it" : context.binding
      return "Nothing is bound: name \(name) in the configuration of ndisprotd, or start it with "
        + "--interface"
    }
    return "There is \(present.map(\.printableName).joined(separator: ", "))"
  }
}

/// An interface of this machine that the daemon does not list.
enum LocalInterface: Hashable {
  /// It could be bound.
  case ethernet
  /// It cannot be bound: the kernel's number of its type.
  case foreign(Int)

  /// Finds an interface of this network namespace; nil if the name does not exist.
  init?(_ name: String) {
    guard InterfaceName.isPossible(name), HostFacts.hasInterface(name) else { return nil }
    // The mounted sysfs may belong to another namespace.
    let folder = "/sys/class/net/\(name)"
    let index = HostFacts.number(in: "\(folder)/ifindex")
    guard index == HostFacts.interfaceIndex(name),
      let type = HostFacts.number(in: "\(folder)/type"), type != 1
    else {
      self = .ethernet
      return
    }
    self = .foreign(type)
  }

  /// A type in words.
  ///
  /// - Source: linux/if_arp.h
  static func words(_ type: Int) -> String {
    switch type {
    case 772: "the loopback interface"
    case 65_534: "a tunnel without Ethernet headers"
    case 512: "a point-to-point link"
    case 801, 802, 803: "a Wi-Fi monitor"
    case 32: "InfiniBand"
    case 280: "a CAN bus"
    default: "of the type \(type), not Ethernet"
    }
  }
}
