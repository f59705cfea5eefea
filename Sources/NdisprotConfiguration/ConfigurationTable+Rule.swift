internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotServer

// `[[binding]]` and `[[rule]]`: each key read, checked and made a value of the server.

extension ConfigurationTable {
  private static var interfaceKeys: [String] { ["interface", "address", "driver"] }

  /// `[[binding]]`.
  func binding() throws(ConfigurationError) -> BindingConfiguration {
    try allow(Self.interfaceKeys + ["profile", "ring", "queue"])
    var binding = BindingConfiguration(interface: try interface())
    if let word = try text("profile") {
      guard let profile = CaptureProfile(rawValue: word) else {
        throw error("profile", "write latency or throughput")
      }
      binding.profile = profile
    }
    if let bytes = try byteCount("ring", (2 << 20)...(256 << 20)) {
      binding.captureRingByteCount = bytes
    }
    if let bytes = try byteCount("queue", (1 << 20)...(64 << 20)) {
      guard bytes & (bytes - 1) == 0 else {
        throw error("queue", "it is no power of two. Write \"1 MiB\", \"2 MiB\", \"4 MiB\" …")
      }
      binding.receiveRingByteCount = bytes
    }
    return binding
  }

  private func interface() throws(ConfigurationError) -> InterfaceMatch {
    var match = InterfaceMatch()
    if let text = try text("interface") {
      if let objection = InterfaceName.objection(to: text, isPattern: true) {
        throw error("interface", objection)
      }
      match.name = NamePattern(text).map { .like($0) }
    }
    match.driver = try text("driver")
    if let text = try text("address") {
      guard let address = MACAddress(text) else {
        throw error("address", "write an address such as \"02:00:00:00:00:01\"")
      }
      match.address = address
    }
    guard match != InterfaceMatch() else {
      throw error("interface", "it is missing. Write interface, address or driver")
    }
    return match
  }

  /// `[[rule]]`.
  func rule() throws(ConfigurationError) -> AccessRule {
    try allow(
      ["name", "user", "group"] + Self.interfaceKeys
        + [
          "ethertypes", "vlans", "rights", "rate", "sessions", "opens", "requests", "queue_bytes",
        ])
    guard let name = try text("name") else {
      throw error("name", "it is missing. Give the rule a name of its own")
    }
    guard let words = try words("rights") else {
      throw error("rights", "it is missing. Write [\"read\", \"write\"], or [] to forbid")
    }
    var rights: AccessRights = []
    for word in words {
      guard let right = AccessRights(word: word) else {
        throw error(
          "rights",
          "there is no right '\(word)'. Write of: "
            + AccessRights.words.map(\.word).joined(separator: ", "))
      }
      rights.formUnion(right)
    }
    return AccessRule(
      name: name, origin: place, subject: try subject(), interface: try interface(),
      etherTypes: try etherTypes(), vlans: try vlans(), rights: rights, rate: try rate(),
      quota: AccessQuota(
        sessions: try number("sessions", 1...1_024), opens: try number("opens", 1...1_024),
        requests: try number("requests", 1...1_000_000),
        queueByteCount: try byteCount("queue_bytes", 4_096...(1 << 40))))
  }

  private func subject() throws(ConfigurationError) -> AccessRule.Subject {
    let (user, group) = (try text("user"), try text("group"))
    do throws(AccountError) {
      switch (user, group) {
      case (let user?, nil): return .user(try Accounts.userID(user))
      case (nil, let group?): return .group(try Accounts.groupID(group))
      default: break
      }
    } catch let failure {
      throw error(failure.kind, failure.description)
    }
    throw error("user", "write either user or group, and one of them")
  }

  private func etherTypes() throws(ConfigurationError) -> EtherTypeSet {
    guard let words = try words("ethertypes"), !words.isEmpty else {
      throw error("ethertypes", "it is missing. Write [\"0x888e\"], or [\"any\"]")
    }
    var values: [UInt16] = []
    for word in words {
      guard let value = UInt16(etherType: word) else {
        throw error(
          "ethertypes", "'\(word)' is none. Write numbers from 0x0600 to 0xfffe, \"llc\" or \"any\""
        )
      }
      guard value != AccessPolicy.macControl else {
        throw error("ethertypes", "0x8808 (pause frames) is nobody's. Leave it away")
      }
      values.append(value)
    }
    guard Set(values).count <= EtherTypeSet.maximumCount else {
      throw error("ethertypes", "at most \(EtherTypeSet.maximumCount) a rule. Write two rules")
    }
    return EtherTypeSet(values)
  }

  private func vlans() throws(ConfigurationError) -> VLANSet {
    guard let words = try words("vlans") else { return .untagged }
    if words == ["any"] { return .any }
    var values: [UInt16] = []
    for word in words {
      if word == "none" {
        values.append(VLANSet.none)
      } else if let value = UInt16(word), VLANSet.identifiers.contains(value) {
        values.append(value)
      } else {
        throw error(
          "vlans",
          "'\(word)' is none. Write numbers from 1 to 4094 and \"none\", or [\"any\"] alone")
      }
    }
    guard !values.isEmpty, values.count <= VLANSet.maximumCount else {
      throw error("vlans", "write 1 to \(VLANSet.maximumCount) of them")
    }
    return VLANSet(values)
  }

  private func rate() throws(ConfigurationError) -> RateLimit? {
    guard let table = try table("rate") else { return nil }
    try table.allow(["frames", "bytes"])
    let frames = try table.number("frames", 1...(1 << 32))
    let bytes = try table.byteCount("bytes", 1...(1 << 32))
    guard frames != nil || bytes != nil else {
      throw error("rate", "it is empty. Write { frames = 1000, bytes = \"1 MiB\" }")
    }
    return RateLimit(
      framesPerSecond: frames.map { UInt64(clamping: $0) },
      bytesPerSecond: bytes.map { UInt64(clamping: $0) })
  }
}

extension UInt16 {
  /// A type as people write it; a length is none.
  init?(etherType word: String) {
    switch word {
    case "any": self = EtherTypeSet.anyValue
    case "llc": self = EtherTypeSet.llcValue
    default:
      let number =
        word.hasPrefix("0x") ? UInt16(word.dropFirst(2), radix: 16) : UInt16(word)
      guard let number, number >= 0x0600, number != EtherTypeSet.anyValue else { return nil }
      self = number
    }
  }
}
