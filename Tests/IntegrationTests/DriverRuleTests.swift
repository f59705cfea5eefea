import Glibc
import NDIS
import Testing

@Suite(
  "Rules by driver", .serialized, .timeLimit(.minutes(15)), .tags(.integration), .needsNamespaces,
  .needsSeveralUsers)
struct DriverRuleTests {
  private static let configuration = """
    [[binding]]
    driver = "veth"
    [[rule]]
    name = "no bridges"
    user = "65534"
    driver = "bridge"
    ethertypes = ["0x888e"]
    rights = []
    [[rule]]
    name = "cables"
    user = "65534"
    driver = "veth"
    ethertypes = ["0x888e"]
    rights = ["read", "write"]
    """

  @Test(
    "an interface is bound and opened by the driver that ethtool names, now and when it comes later"
  )
  func byDriver() throws {
    let options = Lab.Options(
      preparation: ["link add br0 type bridge", "link set br0 up"], startsDaemon: false)
    try Lab.run(options) { lab in
      let path = lab.filePath("ndisprotd.toml")
      #expect(TextFile.write(Self.configuration, to: path))
      chmod(path, 0o644)
      let daemon = try Daemon(lab, configuration: path)
      try daemon.waitUntilReady()
      let session = try lab.client.connect()
      #expect(try session.enumerate().bindings?.map(\.name) == ["np0"])
      #expect(try session.open("np0").status == .success)
      #expect(try lab.client.connect().open("br0").status == .adapterNotFound)
      let explained = try lab.ctl("policy", "explain", "65534", "np0", "0x888e").output
      #expect(explained.contains("cables") && !explained.contains("bridges"))
      try lab.layCable(1)
      #expect(try session.wait(for: ["np2"], milliseconds: 60_000).status == .success)
      #expect(try lab.client.connect().open("np2").status == .success)
      // A name says nothing of the driver.
      try lab.ip("link set br0 down")
      try lab.ip("link set br0 name np4")
      #expect(try session.wait(for: ["np4"], milliseconds: 300).status == .timedOut)
      #expect(try daemon.stop() == 0)
    }
  }
}
