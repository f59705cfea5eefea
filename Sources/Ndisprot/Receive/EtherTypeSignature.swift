internal import MDL
internal import NDIS

/// A set of EtherTypes, so coarse that it fits a word: if two have no common bit, they have no
/// common EtherType.
///
/// A type is the one that a filter examines: after one 0x8100 tag, and a single one for all LLC
/// frames.
struct EtherTypeSignature: Equatable, Sendable {
  static let bitCount = 64
  private(set) var bits: UInt64

  /// No frame that any filter passes.
  static let none = EtherTypeSignature(bits: 0)
  /// Every type.
  static let all = EtherTypeSignature(bits: .max)

  private init(bits: UInt64) { self.bits = bits }

  /// The types that an open wants.
  init(_ types: EtherTypeSet) {
    self = types.isAny ? .all : .none
    for value in types.values { bits |= EtherTypeSignature.bit(value) }
  }

  /// The type of the record at `position`; empty for a type that no filter examines.
  @inline(__always)
  init(of ring: borrowing ReceiveRing, at position: Int) {
    self = .none
    guard let key = ring.ethernetKey(at: position) else { return }
    bits = EtherTypeSignature.bit(key.type < 0x0600 ? EtherTypeSet.llcValue : key.type)
  }

  /// Whether the two may have a type in common.
  @inline(__always)
  func meets(_ other: EtherTypeSignature) -> Bool { bits & other.bits != 0 }

  @inline(__always)
  mutating func formUnion(_ other: EtherTypeSignature) { bits |= other.bits }

  /// Neighbouring types, as those of one protocol are, get different bits.
  @inline(__always)
  private static func bit(_ type: UInt16) -> UInt64 {
    1 << UInt64((UInt32(type) &* 0x9E37_79B1) >> 26)
  }
}

/// Which EtherTypes entered a receive ring since its readers were last served, and the end of
/// earlier ones.
///
/// So a reader of other types need not examine the new records: a thousand clients that wait for a
/// rare frame cost the path of all other frames next to nothing.
///
/// ```
///   ends[a]      ends[b]            start              tail
///   ···▼─────────────▼────────────────▼─────────────────▼
///     no type a from here on: a reader   `signature` says
///     of it may continue at `start`      what is here
/// ```
struct EtherTypeLastSeen {
  /// The types that arrived since readers were last served.
  private(set) var signature = EtherTypeSignature.none
  /// The end of the ring at that time, and the number of captured records before it.
  private(set) var start = 0
  private(set) var startNumber: UInt64 = 0
  /// For each bit, where the last service of readers with such a record ended.
  private var ends = [Int](repeating: 0, count: EtherTypeSignature.bitCount)

  @inline(__always)
  mutating func note(_ new: EtherTypeSignature) { signature.formUnion(new) }

  /// Readers were served with everything in the ring.
  mutating func close(at tail: Int, _ number: UInt64) {
    var left = signature.bits
    while left != 0 {
      ends[left.trailingZeroBitCount] = tail
      left &= left &- 1
    }
    signature = .none
    start = tail
    startNumber = number
  }

  /// Whether no record between a position and `start` has one of these types.
  func isFree(of types: EtherTypeSignature, from position: Int) -> Bool {
    guard position < start, types != .all else { return false }
    var left = types.bits
    while left != 0 {
      if ends[left.trailingZeroBitCount] > position { return false }
      left &= left &- 1
    }
    return true
  }
}
