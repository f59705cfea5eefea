import NdisprotClient
import Testing

@testable import ndisprotctl

@Suite("what systemd says of the units")
struct ServiceUnitTests {
  private static func words(service: String, socket: String) -> String {
    let context = Output.Context(
      what: "status", socketPath: "/run/x.sock", operation: .administer)
    let words = Output.words(
      sleeping: ServiceUnit(ServiceUnit.service, shown: service),
      ServiceUnit(ServiceUnit.socket, shown: socket), context)
    return "\(words.cause). \(words.remedy)"
  }

  @Test(
    "a service that waits for its first client, one that has failed, and one without its socket")
  func sleeping() {
    let waits = Self.words(service: "ActiveState=inactive", socket: "ActiveState=active")
    #expect(waits.contains("the first connection to /run/x.sock starts it"))
    let failed = Self.words(
      service: "ActiveState=failed\nResult=exit-code\nStatusText=a.toml: key: cause",
      socket: "ActiveState=active")
    #expect(failed.contains("has failed (exit-code): a.toml: key: cause"))
    #expect(failed.contains("systemctl reset-failed ndisprotd.service ndisprot.socket"))
    let alone = Self.words(service: "ActiveState=inactive", socket: "ActiveState=inactive")
    #expect(alone.contains("ndisprot.socket is inactive"))
    #expect(alone.contains("systemctl enable --now ndisprot.socket"))
  }

  @Test("what it prints is taken key by key, and control characters are not passed on")
  func shown() {
    let unit = ServiceUnit(
      "x.service",
      shown:
        "NRestarts=3\nLoadState=loaded\nActiveState=active\nStatusText=a=\u{1B}b\njunk\n"
    )
    #expect(unit.restartCount == 3 && unit.isLoaded && unit.isAlive)
    #expect(unit.statusText == "a=\u{FFFD}b")
    let nothing = ServiceUnit("x.service", shown: "")
    #expect(nothing.restartCount == 0 && !nothing.isLoaded)
  }

  @Test("times and ages read as people write them")
  func times() {
    #expect(UInt64(0).timeText == "1970-01-01T00:00:00Z")
    #expect(UInt64(1_700_000_000_999_999_999).timeText == "2023-11-14T22:13:20Z")
    #expect(UInt64.max.timeText == "2554-07-21T23:34:33Z")
    let second: UInt64 = 1_000_000_000
    #expect((5 * second).ageText == "5 s" && (second + 40_000_000).ageText == "1.04 s")
    #expect((125 * second).ageText == "2 min 5 s" && (7_260 * second).ageText == "2 h 1 min")
    #expect((90_000 * second).ageText == "1 d 1 h")
    #expect(UInt64(16_600_000).mebibytesText == "15.8")
  }
}
