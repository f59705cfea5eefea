internal import MDL
internal import NDIS
internal import Ndisprot
internal import NdisprotServer
internal import Platform

// `[[binding]]` and `[[rule]]`: reads and checks each key, and converts it to a value of the
// server.

extension ConfigurationTable {
  private static var interfaceKeys: [String] { ["interface", "address", "driver"] }

  /// `[[binding]]`.
  func binding() -> BindingConfiguration {
    allow(
      Self.interfaceKeys
        + ["profile", "ring", "queue", "bypass_qdisc", "spin", "scheduling", "cpus"])
    var binding = BindingConfiguration(interface: interface())
    if let word = text("profile") {
      if let profile = CaptureProfile(rawValue: word) {
        binding.profile = profile
      } else {
        problem("profile", "write latency, throughput or realtime")
      }
    }
    if let bytes = byteCount("ring", (2 << 20)...(256 << 20)) {
      binding.captureRingByteCount = bytes
    }
    if let bytes = byteCount("queue", (1 << 20)...(64 << 20)) {
      if bytes & (bytes - 1) != 0 {
        problem("queue", "it is no power of two. Write \"1 MiB\", \"2 MiB\", \"4 MiB\" …")
      }
      binding.receiveRingByteCount = bytes
    }
    binding.bypassesQdisc = flag("bypass_qdisc") ?? false
    binding.thread = thread(binding.profile)
    return binding
  }

  /// The longest a thread may poll behind a frame: a little more than two cycles of a millisecond.
  private static var spinMicroseconds: ClosedRange<Int> { 1...2_500 }
  private static var maximumProcessors: Int { 64 }

  /// How the thread of a `[[binding]]` runs.
  private func thread(_ profile: CaptureProfile) -> ThreadConfiguration {
    var thread = ThreadConfiguration(
      processors: processors(), spinMicroseconds: number("spin", Self.spinMicroseconds))
    if has("spin"), profile != .realtime {
      problem("spin", "only a realtime binding polls. Write profile = \"realtime\" too")
    }
    if let word = text("scheduling") {
      thread.fifoPriority = Self.fifoPriority(word)
      if thread.fifoPriority == nil {
        problem("scheduling", "write \"fifo:N\" with a priority N from 1 to 99")
      }
    }
    return thread
  }

  /// Reads `fifo:N`.
  private static func fifoPriority(_ word: String) -> Int? {
    guard word.hasPrefix("fifo:") else { return nil }
    let digits = word.dropFirst(5)
    guard let number = Int(digits: digits), SystemThread.fifoPriorities.contains(number) else {
      return nil
    }
    return number
  }

  private func processors() -> [UInt16] {
    guard let words = words("cpus") else { return [] }
    if !(1...Self.maximumProcessors).contains(words.count) {
      problem("cpus", "write 1 to \(Self.maximumProcessors) of them")
    }
    return words.compactMap { word in
      guard let number = UInt16(digits: word.text),
        SystemThread.processorNumbers.contains(Int(number))
      else {
        problem(
          "cpus", word,
          "'\(word.text)' is no processor. Write numbers from 0 to "
            + "\(SystemThread.processorNumbers.upperBound), as lscpu -e shows them")
        return nil
      }
      return number
    }
  }

  private func interface() -> InterfaceMatch {
    var match = InterfaceMatch()
    if let text = text("interface") {
      match.name = NamePattern(text).map { .like($0) }
      if let objection = InterfaceName.objection(to: text, isPattern: true) {
        problem("interface", objection)
      }
    }
    match.driver = text("driver")
    if let text = text("address") {
      match.address = MACAddress(text)
      if match.address == nil {
        problem("address", "write an address such as \"02:00:00:00:00:01\"")
      }
    }
    if !Self.interfaceKeys.contains(where: has) {
      problem("interface", "it is missing. Write interface, address or driver")
    }
    return match
  }

  /// `[[rule]]`; a faulty part is left out, and the whole file is refused then.
  ///
  /// - Parameter defaults: the defaults of `[daemon]` for rules
  /// - Returns: the rule, its account not yet looked up
  func rule(_ defaults: RuleDefaults) -> RuleDraft {
    let name = text("name")
    let table = name.map { named("rule \"\($0)\": ") } ?? self
    return table.rule(named: name, defaults)
  }

  private func rule(named name: String?, _ defaults: RuleDefaults) -> RuleDraft {
    allow(
      ["name", "user", "group", "everybody"] + Self.interfaceKeys
        + ["ethertypes", "vlans", "rights", "sources", "destinations"] + RuleDefaults.keys + [
          "sessions", "requests",
        ])
    if name == nil, !has("name") {
      problem("name", "it is missing. Give the rule a name of its own")
    }
    let account = account()
    let own = ruleDefaults()
    var rule = AccessRule(
      name: name ?? "", origin: origin, subject: account == nil ? .everybody : .nobody,
      interface: interface(), etherTypes: etherTypes(), vlans: vlans(), rights: rights(),
      rate: own.rate ?? defaults.rate,
      quota: AccessQuota(
        sessions: number("sessions", 1...1_024), opens: own.opens ?? defaults.opens,
        requests: number("requests", 1...1_000_000),
        queueByteCount: own.queueByteCount ?? defaults.queueByteCount))
    rule.sources = addresses("sources", mayBeGroups: false)
    rule.destinations = addresses("destinations", mayBeGroups: true)
    return RuleDraft(rule, account, self)
  }

  /// The keys of `[daemon]` that are defaults for all rules.
  func ruleDefaults() -> RuleDefaults {
    RuleDefaults(
      rate: rate(), opens: number("opens", 1...1_024),
      queueByteCount: byteCount("queue_bytes", 4_096...(1 << 40)))
  }

  private func rights() -> AccessRights {
    guard let words = words("rights") else {
      if !has("rights") {
        problem("rights", "it is missing. Write [\"read\", \"write\"], or [] to forbid")
      }
      return []
    }
    var rights: AccessRights = []
    for word in words {
      guard let right = AccessRights(word: word.text) else {
        let known = AccessRights.words.map(\.word)
        let near = word.text.nearest(of: known).map { "did you mean \($0)?" }
        problem(
          "rights", word,
          "there is no right '\(word.text)'; \(near ?? "write of: " + known.joined(separator: ", "))"
        )
        continue
      }
      rights.formUnion(right)
    }
    return rights
  }

  /// The account of the rule; nil means every user.
  private func account() -> AccountName? {
    let isEverybodys = flag("everybody")
    if isEverybodys == false { problem("everybody", "write true, or leave it out") }
    let (user, group) = (name("user"), name("group"))
    let keys = ["user", "group", "everybody"].filter(has)
    guard keys.count == 1 else {
      problem(keys.first ?? "user", "write one of user, group and everybody = true")
      return nil
    }
    guard let name = user ?? group else { return nil }
    let isNumeral = name.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2D }
    if isNumeral, UInt32(name) ?? .max == .max {
      problem(keys[0], "'\(name)' is neither a name nor a number from 0 to 4294967294")
    }
    return user != nil ? .user(name) : .group(name)
  }

  private func etherTypes() -> EtherTypeSet {
    guard let words = words("ethertypes"), !words.isEmpty else {
      problem("ethertypes", "write [\"eapol\"], [\"0x888e\"], or [\"any\"]")
      return .empty
    }
    var values: [UInt16] = []
    for word in words {
      guard let value = EtherTypeName.value(of: word.text) else {
        let near = word.text.nearest(of: EtherTypeName.table.map(\.name))
        problem(
          "ethertypes", word,
          "'\(word.text)' is no EtherType; "
            + (near.map { "did you mean \($0)?" }
              ?? "write numbers from 0x0600 to 0xfffe, names such as \"lldp\", \"llc\" or \"any\""))
        continue
      }
      if value == AccessPolicy.macControl {
        problem("ethertypes", word, "0x8808 (pause frames) is given to no user. Leave it away")
      }
      values.append(value)
    }
    if Set(values).count > EtherTypeSet.maximumCount {
      problem("ethertypes", "at most \(EtherTypeSet.maximumCount) a rule. Write two rules")
    }
    return EtherTypeSet(values)
  }

  private func addresses(_ key: String, mayBeGroups: Bool) -> [MACAddress] {
    let words = words(key) ?? []
    if has(key), !(1...32).contains(words.count) { problem(key, "write 1 to 32 addresses") }
    return words.compactMap { word in
      let address = MACAddress(word.text)
      if address == nil {
        problem(
          key, word, "'\(word.text)' is no address. Write one such as \"02:00:00:00:00:01\"")
      } else if !mayBeGroups, address?.isMulticast == true {
        problem(
          key, word,
          "'\(word.text)' is the address of a group, from which no frame comes. Write the address of a NIC"
        )
      }
      return address
    }
  }

  private func vlans() -> VLANSet {
    guard let words = words("vlans") else { return .untagged }
    if words.map(\.text) == ["any"] { return .any }
    var values: [UInt16] = []
    for word in words {
      if word.text == "none" {
        values.append(VLANSet.none)
      } else if let value = UInt16(digits: word.text), VLANSet.identifiers.contains(value) {
        values.append(value)
      } else {
        problem(
          "vlans", word,
          "'\(word.text)' is no VLAN. Write numbers from 1 to 4094 and \"none\", or [\"any\"] alone"
        )
      }
    }
    if !(1...VLANSet.maximumCount).contains(words.count) {
      problem("vlans", "write 1 to \(VLANSet.maximumCount) of them")
    }
    return VLANSet(values)
  }

  private func rate() -> RateLimit? {
    guard let table = table("rate") else { return nil }
    table.allow(["frames", "bytes"])
    if !table.has("frames"), !table.has("bytes") {
      problem("rate", "it is empty. Write { frames = 1000, bytes = \"1 MiB\" }")
    }
    return RateLimit(
      framesPerSecond: table.number("frames", 1...(1 << 32)).map { UInt64(clamping: $0) },
      bytesPerSecond: table.byteCount("bytes", 1...(1 << 32)).map { UInt64(clamping: $0) })
  }
}

/// The defaults of `[daemon]` for rules.
struct RuleDefaults: Sendable {
  static let keys = ["rate", "opens", "queue_bytes"]
  var rate: RateLimit?
  var opens: Int?
  var queueByteCount: Int?
}
