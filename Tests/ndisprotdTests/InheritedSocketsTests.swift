import NdisprotServer
import Testing

@testable import ndisprotd

@Suite("InheritedSockets")
struct InheritedSocketsTests {
  @Test(
    "the clients' descriptor is the one of that name, or the only one",
    arguments: [
      ("1", nil, 3), ("1", "ndisprot.socket", 3), ("1", "client", 3), ("2", "metrics:client", 4),
      ("2", "client:metrics", 3), ("3", "a:b:c", nil), ("2", nil, nil), ("2", "", nil),
      // More names than descriptors: the one beyond them is none.
      ("1", "metrics:client", 3),
    ] as [(String, String?, Int32?)])
  func clients(count: String, names: String?, expected: Int32?) {
    let sockets = InheritedSockets(process: "42", count: count, names: names, ownProcess: 42)
    #expect(sockets?.clientDescriptor == expected)
  }

  @Test(
    "what is not for this process is not taken",
    arguments: [
      (nil, "1"), ("41", "1"), ("42", nil), ("42", "0"), ("42", "-1"), ("42", "x"), ("", ""),
      ("42", "99999999999999999999"), ("42", "1025"),
    ] as [(String?, String?)])
  func notOurs(process: String?, count: String?) {
    #expect(InheritedSockets(process: process, count: count, names: nil, ownProcess: 42) == nil)
  }
}

@Suite("ServiceManager")
struct ServiceManagerTests {
  @Test(
    "the watchdog's time is for this process alone",
    arguments: [
      ("2000000", nil, 2_000_000_000), ("2000000", "42", 2_000_000_000), ("2000000", "41", nil),
      ("0", nil, nil), ("-1", nil, nil), ("two", nil, nil), (nil, "42", nil),
      ("18446744073709551615", nil, nil),
    ] as [(String?, String?, UInt64?)])
  func watchdog(microseconds: String?, process: String?, expected: UInt64?) {
    let nanoseconds = ServiceManager.watchdogNanoseconds(
      microseconds: microseconds, process: process, ownProcess: 42)
    #expect(nanoseconds == expected)
  }
}
