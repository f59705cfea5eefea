extension FixedWidthInteger {
  /// Parses digits only: a sign, which the standard library accepts, makes it no number.
  ///
  /// Names and numbers share one place in rules and on the command line, where `+0` is not root.
  package init?(digits text: some StringProtocol, radix: Int = 10) {
    guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else {
      return nil
    }
    self.init(text, radix: radix)
  }

  /// Parses a decimal number, or a hexadecimal one with `0x`.
  package init?(numeral text: some StringProtocol) {
    let isHexadecimal = text.hasPrefix("0x") || text.hasPrefix("0X")
    self.init(digits: text.dropFirst(isHexadecimal ? 2 : 0), radix: isHexadecimal ? 16 : 10)
  }
}
