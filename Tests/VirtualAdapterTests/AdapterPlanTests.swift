import NDIS
import NdisprotClient
import Testing

@testable import VirtualAdapter

@Suite("AdapterPlan")
struct AdapterPlanTests {
  private static let granted = OpenReply(
    mode: .shared, flags: [], queueByteCount: 0, interfaceIndex: 7, maximumFrameSize: 1400,
    address: MACAddress([2, 0, 0, 0, 0, 0xA]), etherTypes: EtherTypeSet([EtherTypeSet.anyValue]),
    name: "eth0")

  @Test(
    "a plan comes back from its words, whatever the interface is called",
    arguments: ["eth0", "a=b", "bytes:\\xff\\x01", "--", "ü"])
  func roundTrip(name: String) throws {
    let name = try #require(InterfaceName(name))
    let plan = AdapterPlan(
      Self.granted, name: name, speed: 10_000, form: .veth, identity: .mapped, hasSysfs: true)
    #expect(AdapterPlan(words: plan.words) == plan)
  }

  @Test("words that lack one, or have one that means nothing, are no plan")
  func malformed() throws {
    let words = AdapterPlan(Self.granted, name: "eth0").words
    for index in words.indices {
      var fewer = words
      fewer.remove(at: index)
      #expect(AdapterPlan(words: fewer) == nil)
      var wrong = words
      wrong[index] = words[index].prefix { $0 != "=" } + "=/"
      #expect(AdapterPlan(words: wrong) == nil)
    }
    #expect(AdapterPlan(words: words + ["noequals"]) == nil)
  }
}

@Suite("RetryDelay")
struct RetryDelayTests {
  @Test("attempts come fast at first, and settle at two a second")
  func growth() {
    var delay = RetryDelay()
    let waits = (0..<8).map { _ in delay.next(isPassing: true) / 1_000_000 }
    #expect(waits == [10, 20, 40, 80, 160, 320, 500, 500])
  }

  @Test("a refusal is said once, and tried again every two seconds")
  func refusal() {
    var delay = RetryDelay()
    #expect(delay.isFirstRefusal)
    #expect(delay.next(isPassing: false) == 2_000_000_000)
    #expect(!delay.isFirstRefusal)
  }
}
