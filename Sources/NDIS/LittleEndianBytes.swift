extension [UInt8] {
  /// The bytes of numbers, one behind the other (rule E-1).
  ///
  /// - Shape: little-endian
  public init<Number: FixedWidthInteger & UnsignedInteger>(littleEndian numbers: Number...) {
    self = numbers.flatMap { number in
      stride(from: 0, to: number.bitWidth, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }
  }
}
