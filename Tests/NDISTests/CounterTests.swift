import NDIS
import Testing

@Suite struct CounterTests {
  @Test("the name of a counter is the name of its case", arguments: Counter.allCases)
  func name(counter: Counter) {
    #expect(counter.name == "\(counter)")
  }
}
