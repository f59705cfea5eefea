internal import ArgumentParser
internal import NdisprotClient

/// The binding and the EtherType of frames to write: a single one, because a frame has one.
struct WriteTarget: ParsableArguments {
  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  @Option(
    name: .customLong("ethertype"), parsing: .singleValue,
    help: ArgumentHelp(
      "The EtherType of the frames, such as 0x88b5 or llc (default: 0x88b5, for experiments).",
      valueName: "type"))
  var etherTypes: [EtherTypeArgument] = []

  @Flag(help: "Is the only one for its EtherType.")
  var exclusive = false

  /// The EtherType of the frames.
  var etherType: UInt16 { etherTypes.first?.value ?? 0x88B5 }

  mutating func validate() throws { try Self.validate(etherTypes) }

  /// Checks that there is exactly one EtherType, and that frames can have it.
  static func validate(_ types: [EtherTypeArgument]) throws {
    guard types.count <= 1 else {
      throw ValidationError(
        "a frame has one EtherType, and \(types.count) are given. Write --ethertype once")
    }
    guard types.first?.value != EtherTypeSet.anyValue else {
      throw ValidationError(
        "frames of EtherType any cannot be made. Write the EtherType of the frames, such as 0x88b5")
    }
  }
}
