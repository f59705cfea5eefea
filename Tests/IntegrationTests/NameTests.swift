import Testing

@Suite(
  "Names of interfaces", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces
)
struct NameTests {
  private static let long = "a-name-that-is-longer-than-fifteen-by"
  private static let named = "link property add dev np0 altname enxcafe altname \(long)"

  @Test("an alternative name opens, waits, and is shown with the master, in text and JSON")
  func alternativeNames() throws {
    try Lab.run(
      Lab.Options(
        preparation: [
          Self.named, "link add br0 type bridge", "link set br0 up", "link set np0 master br0",
        ], interfaces: ["enxcafe", "br0"], ownsWire: false)
    ) { lab in
      for name in ["np0", "enxcafe", Self.long] {
        let outcome = try lab.ctl("query", name, "link-state")
        #expect(outcome.exitCode == 0, "\(outcome.errors)")
        #expect(try lab.ctl("wait", name, "--timeout", "5").exitCode == 0)
      }
      let text = try lab.ctl("bindings").output
      for words in ["master br0", "altname enxcafe", "altname \(Self.long)"] {
        #expect(text.contains(words))
      }
      let json = try lab.ctl("--json", "bindings").output
      #expect(json.contains(#""master":"br0","altnames":["enxcafe","\#(Self.long)"]"#), "\(json)")
      let doctor = try lab.ctl("doctor").output
      #expect(doctor.contains("br0 is a bridge: it does not hear 01:80:c2:00:00:0x"))
      #expect(doctor.contains("np0 is a port of br0"))
    }
  }

  @Test("an alternative name that comes while the daemon runs binds, ends a wait, and goes again")
  func later() throws {
    try Lab.run(Lab.Options(interfaces: ["np0", "later0"])) { lab in
      let waiting = try lab.startCtl("wait", "other0", "--timeout", "20")
      try lab.ip("link property add dev np0 altname other0")
      #expect(try waiting.exitCode() == 0)
      try lab.ip("link add later1 type veth peer name later2")
      // The kernel reports a new alternative name of an interface that is up; of another with its next news.
      try lab.ip("link set later1 up")
      try lab.ip("link property add dev later1 altname later0")
      #expect(try lab.ctl("wait", "later1", "--timeout", "20").exitCode == 0)
      try lab.ip("link property del dev np0 altname other0")
      try eventually("the name is gone") {
        try lab.ctl("query", "other0", "link-state").exitCode == 4
      }
    }
  }

  @Test("a rule by an alternative name, and a pattern of bindings that matches one")
  func rules() throws {
    try Lab.run(
      Lab.Options(
        preparation: [Self.named],
        configuration: """
          [[binding]]
          interface = "enx*"
          [[rule]]
          name = "a"
          user = "65534"
          interface = "a-name-*"
          ethertypes = ["any"]
          rights = ["read"]
          """)
    ) { lab in
      let outcome = try lab.ctl("policy", "explain", "65534", "enxcafe", "0x88b5")
      #expect(outcome.exitCode == 0 && outcome.output.contains("read"), "\(outcome.errors)")
      try lab.ip("link property del dev np0 altname \(Self.long)")
      try eventually("the rule speaks of np0 no more") {
        try !lab.ctl("policy", "explain", "65534", "np0", "0x88b5").output.contains("read")
      }
    }
  }

  @Test(
    "fault 14: an interface whose name libpcap gives another meaning is captured from, or not bound",
    arguments: ["any", "usbmon0", "bluetooth0", "dbus-system", "dbus-x", "nflog", "nfqueue"])
  func otherSources(name: String) throws {
    try Lab.run(
      Lab.Options(
        preparation: [
          "link add \(name) type veth peer name far0", "link set \(name) up", "link set far0 up",
        ], interfaces: ["np0", name, "far0"], ownsWire: false)
    ) { lab in
      if ["nflog", "nfqueue"].contains(name) {
        let cause = "\(name) is not bound: libpcap takes this name"
        try eventually("the log says why") { try lab.daemon.log.contains(cause) }
        #expect(try !lab.ctl("bindings").output.contains(name))
        // The remedy that the log names.
        try lab.ip("link property add dev \(name) altname nic0")
      }
      #expect(try lab.ctl("wait", name, "--timeout", "20").exitCode == 0)
      let reader = try lab.startCtl("--json", "read", name, "-n", "1", "--timeout", "20")
      _ = try #require(try reader.nextLine())
      #expect(
        try lab.ctl(
          "write", "far0", "-n", "1", "--dst", "ff:ff:ff:ff:ff:ff", "--ethertype", "eapol"
        ).exitCode
          == 0)
      #expect(try reader.exitCode() == 0)
    }
  }

  @Test(
    "fault 16: a name that no interface can have is refused at once, with what to write",
    arguments: [
      (["wait", "a/b"], 64, "slashes"), (["wait", "np0@np1"], 64, "Write np0"),
      (["query", "np0:1", "link-state"], 4, "Write np0"),
      (["query", "np0@np1", "link-state"], 4, "Write np0"), (["read", ".."], 4, "1 to 127 bytes"),
    ])
  func impossible(words: [String], exitCode: Int32, hint: String) throws {
    try Lab.run { lab in
      let outcome = try lab.ctl(words)
      #expect(outcome.exitCode == exitCode)
      #expect(outcome.errors.contains(hint), "\(outcome.errors)")
    }
  }
}
