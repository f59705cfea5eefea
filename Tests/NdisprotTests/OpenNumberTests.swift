import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

@Suite("Numbers of opens")
struct OpenNumberTests {
  @Test("many threads take numbers, and each has one that no other has")
  func threads() async {
    let numbers = OpenNumbers()
    let taken = await withTaskGroup(of: [UInt64].self) { group in
      for _ in 0..<8 { group.addTask { (0..<1_000).map { _ in numbers.take() } } }
      return await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(taken) == Set(1...8_000))
  }

  @Test("the open of a binding that came back under the same index has a number of its own")
  func returned() throws {
    let fixture = try DataPathFixture()
    let driver = NdisprotDriver(
      wanted: [InterfaceMatch(name: .exactly("np0"))], framework: fixture.driver)
    var seen: Set<UInt64> = []
    for _ in 1...3 {
      driver.bindAdapter(fixture.attributes)
      let binding = try #require(driver.bindings.binding(interfaceIndex: 7))
      // The dead open keeps its claim, as a session that does not close it does.
      for _ in 1...2 { seen.insert(try binding.claim(OpenOptions())) }
      driver.unbindAdapter(interfaceIndex: 7)
    }
    #expect(seen.count == 6)
    driver.deregister()
  }

  @Test("a number that was given back is not given again")
  func notAgain() throws {
    let fixture = try DataPathFixture()
    let first = try fixture.binding.claim(OpenOptions())
    fixture.binding.release(first)
    let second = try fixture.binding.claim(OpenOptions())
    #expect(second > first)
    fixture.binding.release(second)
    #expect(fixture.binding.snapshot.openCount == 0)
  }
}
