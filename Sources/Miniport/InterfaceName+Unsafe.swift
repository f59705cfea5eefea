internal import Glibc

/// The present name of an interface, which may change at any time.
///
/// - Source: if_indextoname(3)
enum InterfaceName {
  /// The name, NUL-terminated; nil if there is no such interface.
  static func current(_ index: Int32) -> [CChar]? {
    var name = [CChar](repeating: 0, count: Int(IFNAMSIZ))
    let found: UnsafeMutablePointer<CChar>? = unsafe if_indextoname(
      UInt32(bitPattern: index), &name)
    return unsafe found == nil ? nil : name
  }
}
