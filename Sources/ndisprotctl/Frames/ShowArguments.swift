internal import ArgumentParser

/// How `read` shows frames.
struct ShowArguments: ParsableArguments {
  @Flag(name: [.customLong("hex"), .customShort("x")], help: "Shows the bytes of each frame, too.")
  var hex = false

  @Option(
    help: ArgumentHelp(
      "The time of a frame: day, date, utc, delta (since the one before) or epoch.",
      valueName: "style"))
  var time = FrameTime.day

  @Option(
    help: ArgumentHelp(
      "Prints only these, with tabs: time, binding, length, src, dst, ethertype, vlan, priority, "
        + "protocol, flags, malformed, bytes, or a protocol's own such as lldp.system,arp.sender-ip.",
      valueName: "names"))
  var fields: String?

  /// The requested fields; nil for whole lines.
  private var names: [String]? {
    fields.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
  }

  mutating func validate() throws {
    for name in names ?? []
    where !FramePrinter.fieldNames.contains(name) && !name.dropFirst().contains(".") {
      throw ValidationError(
        "--fields has no field '\(name)'. Write \(FramePrinter.fieldNames.joined(separator: ", ")), or "
          + "PROTOCOL.FIELD such as lldp.system")
    }
  }

  /// A printer for one interface, which shows its name if there are several.
  func printer(
    _ global: GlobalOptions, snap: Int?, interface: String, isOneOfSeveral: Bool = false
  ) -> FramePrinter {
    FramePrinter(
      global.json ? .json : names.map(FramePrinter.Form.fields) ?? .text, hasDump: hex,
      byteLimit: snap,
      time: time, interface: interface, isOneOfSeveral: isOneOfSeveral)
  }
}
