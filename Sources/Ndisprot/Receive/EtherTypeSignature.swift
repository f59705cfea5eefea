internal import MDL
internal import NDIS

/// A set of EtherTypes, so coarse that it fits a word: two that have no bit in common have no
/// EtherType in common.
///
/// A type is the one that a filter looks at: behind one 0x8100 tag, and one for all LLC frames.
struct EtherTypeSignature: Equatable, Sendable {
  static let bitCount = 64
  private(set) var bits: UInt64

  /// No frame that a filter lets through.
  static let none = EtherTypeSignature(bits: 0)
  /// Any.
  static let all = EtherTypeSignature(bits: .max)

  private init(bits: UInt64) { self.bits = bits }

  /// What an open asks for.
  init(_ types: EtherTypeSet) {
    self = types.isAny ? .all : .none
    for value in types.values { bits |= EtherTypeSignature.bit(value) }
  }

  /// What the record at `position` is; nothing for one whose type no filter finds.
  @inline(__always)
  init(of ring: borrowing ReceiveRing, at position: Int) {
    self = .none
    guard let key = ring.ethernetKey(at: position) else { return }
    bits = EtherTypeSignature.bit(key.type < 0x0600 ? EtherTypeSet.llcValue : key.type)
  }

  /// Whether frames of the one may be wanted by the other.
  @inline(__always)
  func meets(_ other: EtherTypeSignature) -> Bool { bits & other.bits != 0 }

  @inline(__always)
  mutating func formUnion(_ other: EtherTypeSignature) { bits |= other.bits }

  /// Neighbours, which EtherTypes of one protocol are, get different bits.
  @inline(__always)
  private static func bit(_ type: UInt16) -> UInt64 {
    1 << UInt64((UInt32(type) &* 0x9E37_79B1) >> 26)
  }
}

/// Which EtherTypes came into a receive ring since its readers were last served, and where those
/// before that ended.
///
/// So a reader of something else need not look at what came: a thousand clients that wait for a rare
/// frame cost the way of all others next to nothing.
///
/// ```
///   ends[a]      ends[b]            start              tail
///   ···▼─────────────▼────────────────▼─────────────────▼
///     no type a from here on: whoever   `signature` says
///     waits for it may go on at `start`   what is here
/// ```
struct EtherTypeLastSeen {
  /// What came since readers were served.
  private(set) var signature = EtherTypeSignature.none
  /// Where the ring ended then, and how many captured records lay before it.
  private(set) var start = 0
  private(set) var startNumber: UInt64 = 0
  /// For each bit, where the last service of readers with such a record ended.
  private var ends = [Int](repeating: 0, count: EtherTypeSignature.bitCount)

  @inline(__always)
  mutating func note(_ new: EtherTypeSignature) { signature.formUnion(new) }

  /// Readers were served with all that is there.
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

  /// Whether nothing between a place and `start` is of these types.
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
