import Glibc
import NDIS
import Testing

/// Programs of Debian that nobody here wrote, as they are, as a user without a capability.
@Suite(
  "A program on a virtual adapter: programs of Debian", .serialized, .timeLimit(.minutes(15)),
  .tags(.integration), .needsNamespaces, .needsSeveralUsers)
struct RunProgramTests {
  private static let address = "ip addr add 10.9.0.1/24 dev np0 && "

  @Test(
    "scanners and probes find the station at the other end",
    arguments: [
      ("arp-scan -I np0 -q 10.9.0.2/32", "1 responded"),
      ("nmap --privileged -n --send-eth -PR -sn 10.9.0.2", "1 host up"),
      ("nmap --privileged -n -sS -p 80 10.9.0.2", "80/tcp closed"),
      ("arping -c 1 -I np0 10.9.0.2 || arping -c 1 -i np0 10.9.0.2", "02:00:00:00:00:02"),
      (
        "HOME=/nonexistent python3 -c 'from scapy.all import *; "
          + "a, u = srp(Ether(dst=\"ff:ff:ff:ff:ff:ff\")/ARP(pdst=\"10.9.0.2\"), iface=\"np0\", timeout=9); "
          + "print(a[0].answer.hwsrc)'",
        "02:00:00:00:00:02"
      ),
    ])
  func probes(command: String, expected: String) throws {
    try Lab.runProgram { lab in
      try lab.farIP("addr add 10.9.0.2/24 dev np1")
      let outcome = try lab.runScript(Self.address + "{ \(command); }")
      #expect(outcome.exitCode == 0, "\(outcome.output) \(outcome.errors)")
      #expect(outcome.output.contains(expected), "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test(
    "listeners hear ARP of the station at the other end",
    arguments: [
      ("tshark -q -n -i np0 -f arp -c 3 -z io,phs 2>&1", "frames:3"),
      (
        "python3 -c 'from scapy.all import *; print(\"ready\", flush=True); "
          + "print(len(sniff(iface=\"np0\", filter=\"arp\", count=3)), \"heard\")'",
        "3 heard"
      ),
    ])
  func listeners(command: String, expected: String) throws {
    try Lab.runProgram { lab in
      let question =
        Frame.make(
          to: Frame.broadcast, type: "0806",
          byteCount: 14) + "0001080006040001" + Frame.far + "0a0900020000000000000a090001"
      try lab.peer.startStream(question, count: 2_000, microseconds: 20_000)
      let outcome = try lab.runScript("export HOME=/nonexistent TMPDIR=/tmp; " + command)
      #expect(outcome.output.contains(expected), "\(outcome.output) \(outcome.errors)")
    }
  }

  @Test("etherwake and mausezahn send what they are told")
  func senders() throws {
    try Lab.runProgram { lab in
      let peer = lab.peer
      #expect(try lab.run("etherwake", "-i", "np0", "00:11:22:33:44:55").exitCode == 0)
      let magic = try #require(try peer.receive(1).first)
      #expect(magic.hasPrefix("001122334455" + Frame.own + "0842" + "ffffffffffff001122334455"))
      let outcome = try lab.run(
        "mausezahn", "np0", "-c", "5", "00:01:02:03:04:05 02:00:00:00:00:01 88:b5 ca:fe")
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      let frames = try peer.receive(5)
      #expect(frames.count == 5)
      #expect(frames.allSatisfy { $0.hasPrefix("000102030405" + Frame.own + "88b5cafe") })
    }
  }

  @Test(
    "wpa_supplicant gets through 802.1X at hostapd, with nothing but eapol allowed",
    arguments: [RunCase.Device.open, .missing])
  func portAccess(device: RunCase.Device) throws {
    try Lab.runProgram(rights: "\"read\", \"write\", \"join\"", types: "\"eapol\"") { lab in
      let users = try lab.writeFile("users", "\"joe\" MD5 \"secret\"\n")
      let settings = try lab.writeFile(
        "hostapd",
        """
        interface=np1
        driver=wired
        ieee8021x=1
        eap_server=1
        eap_user_file=\(users)
        use_pae_group_addr=1

        """)
      let authenticator = try ChildProcess(
        lab.farWords(["hostapd", settings]), errorPath: lab.filePath("hostapd"))
      try authenticator.awaitText("AP-ENABLED")
      let supplicant = try lab.writeFile(
        "supplicant",
        """
        ap_scan=0
        network={
          key_mgmt=IEEE8021X
          eap=MD5
          identity="joe"
          password="secret"
          eapol_flags=0
        }

        """)
      let program = try lab.startRun(
        "wpa_supplicant", "-D", "wired", "-i", "np0", "-c", supplicant,
        with: RunCase(device: device, options: ["--ethertype", "eapol"]))
      try program.awaitText("CTRL-EVENT-EAP-SUCCESS")
      try authenticator.awaitText("CTRL-EVENT-EAP-SUCCESS")
      program.send(SIGTERM)
      #expect(try program.exitCode() == 0, "\(program.errorText)")
      authenticator.send(SIGTERM)
      _ = try authenticator.exitCode()
    }
  }

  @Test("dhclient gets a lease of dnsmasq")
  func lease() throws {
    try Lab.runProgram { lab in
      try lab.farIP("addr add 10.9.0.2/24 dev np1")
      // A veth leaves checksums to a card that is not there; a wire has none of those.
      let offloads = ["ethtool", "-K", "np1", "tx", "off"]
      _ = try ChildProcess.run(lab.farWords(offloads), errorPath: lab.filePath("ethtool"))
      let server = try ChildProcess(
        lab.farWords([
          "dnsmasq", "-d", "-C", "/dev/null", "--port=0", "-i", "np1", "--user=root",
          "--dhcp-range=10.9.0.50,10.9.0.60,1h", "--dhcp-leasefile=\(lab.filePath("leases"))",
        ]), errorPath: lab.filePath("dnsmasq"))
      try eventually("dnsmasq: \(server.errorText)") { server.errorText.contains("IP range") }
      let folder = try lab.openFolder()
      defer {
        for name in TextFile.names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
      }
      let outcome = try lab.run(
        "timeout", "60", "dhclient", "-1", "-d", "-sf", "/bin/true", "-lf", "\(folder)/leases",
        "-pf",
        "\(folder)/pid", "np0")
      #expect(outcome.errors.contains("bound to 10.9.0."), "\(outcome.errors)")
      server.send(SIGTERM)
      _ = try server.exitCode()
    }
  }

  @Test("ptp4l as a slave measures its offset from a master, with software time stamps")
  func clock() throws {
    try Lab.runProgram { lab in
      let folder = try lab.openFolder()
      defer {
        for name in TextFile.names(in: folder) { unlink("\(folder)/\(name)") }
        rmdir(folder)
      }
      let master = try ChildProcess(
        lab.farWords([
          "ptp4l", "-S", "-2", "-i", "np1", "-m", "-q", "--priority1", "1", "--uds_address",
          "\(folder)/master",
        ]), errorPath: lab.filePath("master"))
      let settings = try lab.writeFile(
        "slave", "[global]\nfree_running 1\nuds_address \(folder)/slave\n")
      let program = try lab.startRun(
        "ptp4l", "-S", "-2", "-s", "-i", "np0", "-m", "-q", "-f", settings)
      try program.awaitText("master offset")
      program.send(SIGTERM)
      _ = try program.exitCode()
      master.send(SIGTERM)
      _ = try master.exitCode()
    }
  }

  @Test("lldpd, which drops its privileges, hears a neighbour and is heard")
  func neighbours() throws {
    try Lab.runProgram { lab in
      let peer = lab.peer
      let own = Frame.far
      let tlvs = "020704" + own + "040703" + own + "06020078" + "0a055445535453" + "0000"
      let announcement = "0180c200000e" + own + "88cc" + tlvs + String(repeating: "0", count: 40)
      try peer.startStream(announcement, count: 200, microseconds: 200_000)
      let subordinate = try lab.writeFile("subid", "65534:100000:65536\nnobody:100000:65536\n")
      // lldpcli is installed for its group alone; lldpd waits until it has been told by it to begin.
      let script = """
        mount -t tmpfs none /run && mkdir /run/lldpd
        lldpd -dd -I np0 -S lab -L /mnt/lldpcli >&2 & daemon=$!
        for turn in $(seq 300); do
          lldpcli -u /run/lldpd.socket show neighbors >/run/neighbours 2>&1
          grep -q TESTS /run/neighbours && break
          sleep 0.1
        done
        cat /run/neighbours; kill $daemon; wait
        """
      var runCase = RunCase(options: ["--map-ids", "--sysfs"], mayGainPrivileges: true)
      runCase.preparation =
        "mount --bind \(subordinate) /etc/subuid && mount --bind \(subordinate) /etc/subgid && "
        + "mount -t tmpfs tmpfs /mnt && cp $(command -v lldpcli) /mnt && chmod 755 /mnt/lldpcli"
      let outcome = try lab.run("sh", "-c", "PATH=/mnt:$PATH; " + script, with: runCase)
      #expect(outcome.output.contains("TESTS"), "\(outcome.output) \(outcome.errors)")
      var isHeard = false
      while !isHeard, let frame = try peer.receive(1, seconds: 1).first {
        isHeard = frame.hasPrefix("0180c200000e" + Frame.own + "88cc")
      }
      #expect(isHeard)
    }
  }
}

extension Lab {
  fileprivate func writeFile(_ name: String, _ text: String) throws -> String {
    let path = filePath(name)
    guard TextFile.write(text, to: path) else { throw LabError.failed("cannot write \(path)") }
    return path
  }
}

extension ChildProcess {
  /// Reads lines up to one with this text.
  fileprivate func awaitText(_ text: String) throws {
    while let line = try nextText() { if line.contains(text) { return } }
    throw LabError.failed("no line with \(text): \(errorText)")
  }
}
