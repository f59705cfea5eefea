internal import Glibc

/// A fuzz input, read front to back; behind its end everything is zero.
public struct Input {
  private var rest: ArraySlice<UInt8>

  /// Takes what libFuzzer made up.
  public init(_ bytes: UnsafeBufferPointer<UInt8>) { rest = Array(bytes)[...] }

  /// Whether everything was read.
  public var isEmpty: Bool { rest.isEmpty }

  /// The next byte.
  public mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  /// A number from one byte: itself, or for the largest bytes an edge of Int.
  public mutating func int() -> Int {
    switch byte() {
    case 255: .max
    case 254: .min
    case 253: -1
    case let small: Int(small)
    }
  }

  /// The next `count` bytes.
  public mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }

  /// All that is left.
  public mutating func remainder() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }
}

/// Lengths with the given sum: the wanted ones as far as it reaches, and the rest as one more.
public func lengths(_ wanted: [UInt8], sum: Int) -> [Int] {
  var left = sum
  let lengths = wanted.map { wanted in
    let length = min(left, Int(wanted))
    left -= length
    return length
  }
  return lengths + [left]
}

/// Stops the program unless the condition holds; libFuzzer then reports the input.
///
/// It says why itself: optimised code traps without a word. So does it say with which input: libFuzzer
/// keeps that of its own thread only.
public func require(_ condition: Bool, _ rule: String) {
  guard !condition else { return }
  let digits = current.map { byte in
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
  var text = "broken rule: \(rule)\ninput: \(digits.joined())\n"
  _ = text.withUTF8 { write(2, $0.baseAddress, $0.count) }
  abort()
}
