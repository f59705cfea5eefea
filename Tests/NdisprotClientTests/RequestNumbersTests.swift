import Testing

@testable import NdisprotClient

@Suite("RequestNumbers")
struct RequestNumbersTests {
  @Test("it has what was put in and not taken out, as a set has", arguments: [1, 2, 7, 64])
  func asASet(stride: UInt64) {
    var numbers = RequestNumbers(room: 2)
    var model: Set<UInt64> = []
    var generator = SplitMix(state: stride)
    for step in 1...4_000 as ClosedRange<UInt64> {
      if generator.next() % 5 < 3 {
        numbers.insert(step * stride)
        model.insert(step * stride)
      } else {
        // One that is in, mostly.
        let number = model.randomElement(using: &generator) ?? step
        let wasIn = numbers.remove(number)
        #expect(wasIn == (model.remove(number) != nil))
      }
      #expect(numbers.count == model.count)
    }
    for number in [0, .max, 4_001 * stride] as [UInt64] {
      let wasIn = numbers.remove(number)
      #expect(!wasIn)
    }
    for number in model {
      let wasIn = numbers.remove(number)
      #expect(wasIn)
    }
    #expect(numbers.count == 0)
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }
}
