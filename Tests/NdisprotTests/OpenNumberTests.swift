import Testing

@testable import Ndisprot

@Suite("numbers of opens")
struct OpenNumberTests {
  private func take(_ numbers: inout OpenNumbers) throws -> UInt32 {
    let number = numbers.take()
    return try #require(number)
  }

  @Test("no number is given out twice at a time, however often its place was used before")
  func neverInUseTwice() throws {
    var numbers = OpenNumbers()
    let kept = try take(&numbers)
    var seen: Set<UInt32> = []
    for _ in 0..<65_536 {
      let number = try take(&numbers)
      #expect(number != kept && number != 0)
      seen.insert(number)
      numbers.release(number)
    }
    #expect(seen.count == 65_536, "each use of a place has a number of its own")
    let again = try take(&numbers)
    #expect(
      seen.contains(again) && again != kept, "the generations begin again, past the one in use")
  }

  @Test("a number given back twice, or never given out, frees nothing")
  func staleRelease() throws {
    var numbers = OpenNumbers()
    let first = try take(&numbers)
    numbers.release(first)
    let second = try take(&numbers)
    numbers.release(first)
    numbers.release(0xFFFF_FFFF)
    let third = try take(&numbers)
    #expect(Set([first, second, third]).count == 3)
  }
}
