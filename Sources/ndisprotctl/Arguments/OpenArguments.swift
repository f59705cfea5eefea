internal import ArgumentParser
internal import NdisprotClient

/// How a subcommand opens its binding.
struct OpenArguments: ParsableArguments {
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  @Option(
    name: .customLong("ethertype"), parsing: .singleValue,
    help: ArgumentHelp(
      "An EtherType such as lldp, 0x88cc, llc, or any (repeatable; default: eapol, 0x888e).",
      valueName: "type"))
  var etherTypes: [EtherTypeArgument] = []

  @Flag(help: "Is the only one for its EtherTypes.")
  var exclusive = false

  /// The EtherTypes to open with.
  var etherTypeSet: EtherTypeSet {
    etherTypes.isEmpty ? .eapol : EtherTypeSet(etherTypes.map(\.value))
  }

  mutating func validate() throws {
    guard etherTypes.count <= EtherTypeSet.maximumCount else {
      throw ValidationError(
        "\(etherTypes.count) EtherTypes are too many. "
          + "Write --ethertype at most \(EtherTypeSet.maximumCount) times, or --ethertype any")
    }
  }
}
