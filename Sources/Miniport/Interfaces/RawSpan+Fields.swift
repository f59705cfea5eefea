internal import NDIS

/// Fields of untrusted bytes in native byte order; nil if the bytes end too early.
extension RawSpan {
  func u8(at offset: Int) -> UInt8? { field(at: offset) }
  func u16(at offset: Int) -> UInt16? { field(at: offset) }
  func u32(at offset: Int) -> UInt32? { field(at: offset) }
  func i32(at offset: Int) -> Int32? { field(at: offset) }
  func u64(at offset: Int) -> UInt64? { field(at: offset) }

  private func field<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value? {
    guard offset >= 0, byteCount >= MemoryLayout<Value>.size,
      offset <= byteCount - MemoryLayout<Value>.size
    else { return nil }
    return unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self)
  }

  /// The bytes up to the first zero; invalid UTF-8 becomes U+FFFD.
  var text: String {
    unsafe withUnsafeBytes { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }

  /// The bytes up to the first zero, as the name of an interface; nil if no interface can have it.
  var interfaceName: InterfaceName? {
    InterfaceName(bytes: unsafe withUnsafeBytes { unsafe Array($0.prefix { $0 != 0 }) })
  }
}
