internal import ArgumentParser
internal import NdisprotClient

/// An Ethernet address: six pairs of hexadecimal digits.
struct AddressArgument: ExpressibleByArgument {
  let address: MACAddress

  init?(argument: String) {
    guard let address = MACAddress(argument) else { return nil }
    self.address = address
  }
}

/// The command line's name for an EtherType: a name, a number, `llc` or `any`.
struct EtherTypeArgument: ExpressibleByArgument {
  /// The value as an `EtherTypeSet` takes it.
  let value: UInt16

  static var defaultCompletionKind: CompletionKind { Completion.etherTypes }

  init?(argument: String) {
    guard let value = EtherTypeName.value(of: argument) else { return nil }
    self.value = value
  }
}

/// A duration in seconds, with a fraction.
struct SecondsArgument: ExpressibleByArgument {
  let duration: Duration

  init?(argument: String) {
    guard let seconds = Double(argument), seconds >= 0, seconds <= 1e9 else { return nil }
    duration = .seconds(seconds)
  }
}
