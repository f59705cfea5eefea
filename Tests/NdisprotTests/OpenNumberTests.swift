import Testing

@testable import Ndisprot

@Suite("numbers of opens")
struct OpenNumberTests {
  @Test("no number is given out twice at a time, however often its place was used before")
  func neverInUseTwice() throws {
    var numbers = OpenNumbers()
    let kept = try #require(numbers.take())
    var seen: Set<UInt32> = []
    for _ in 0..<65_535 {
      let number = try #require(numbers.take())
      #expect(number != kept && number != 0)
      seen.insert(number)
      numbers.release(number)
    }
    #expect(seen.count == 65_535, "each use of a place has a number of its own")
    let again = try #require(numbers.take())
    #expect(
      seen.contains(again) && again != kept, "the generations begin again, past the one in use")
  }

  @Test("a number given back twice, or never given out, frees nothing")
  func staleRelease() throws {
    var numbers = OpenNumbers()
    let first = try #require(numbers.take())
    numbers.release(first)
    let second = try #require(numbers.take())
    numbers.release(first)
    numbers.release(0xFFFF_FFFF)
    let third = try #require(numbers.take())
    #expect(Set([first, second, third]).count == 3)
  }
}
