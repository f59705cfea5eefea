extension [UInt8] {
  /// The bytes of numbers, in sequence (rule E-1).
  ///
  /// Inlinable, as `append` is: as generic code of another module it took 6,600 of the 17,900
  /// instructions of an OID request.
  /// - Shape: little-endian
  @inlinable
  public init<Number: FixedWidthInteger>(littleEndian numbers: Number...) {
    self.init()
    reserveCapacity(numbers.count * MemoryLayout<Number>.size)
    for number in numbers { append(littleEndian: number) }
  }

  /// Appends the bytes of a number.
  ///
  /// - Shape: little-endian
  @inlinable
  public mutating func append<Number: FixedWidthInteger>(littleEndian number: Number) {
    var rest = number
    for _ in 0..<MemoryLayout<Number>.size {
      append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }
}
