internal import Glibc

/// Statistics about a chain.
///
/// - Windows: MDL_CHAIN_INFORMATION
public struct MDLChainInformation: Equatable, Sendable {
  /// All segments.
  public var segmentCount = 0
  /// The segments with at least one byte.
  public var nonEmptySegmentCount = 0
  /// The sum of all segments' bytes.
  public var byteCount = 0
  /// The sum of the pages that each non-empty segment touches; a page shared by two segments counts
  /// twice.
  public var pageCount = 0
  /// The largest power of two, at most a page, that divides every non-empty segment's address.
  public var maximumAlignment: Int

  /// Creates the description of a chain without segments.
  public init() { maximumAlignment = systemPageByteCount }
}

/// The run-time page size: 4, 16 or 64 KiB.
let systemPageByteCount = sysconf(Int32(_SC_PAGESIZE))

extension MDLChain {
  /// Counts, pages and alignment of the segments.
  ///
  /// - Complexity: O(segments)
  /// - Windows: MdlChainGetInformation; here an empty segment touches no page
  public var information: MDLChainInformation {
    var result = MDLChainInformation()
    let pageMask = UInt(bitPattern: systemPageByteCount) &- 1
    var addressBits: UInt = 0
    result.segmentCount = segments.count
    result.byteCount = byteCount
    for index in segments.indices {
      let segment = unsafe segments[unchecked: index]
      guard segment.byteCount > 0 else { continue }
      let inPage = unsafe UInt(bitPattern: segment.base) & pageMask
      let lastPage = (inPage &+ UInt(bitPattern: segment.byteCount) &- 1) / (pageMask &+ 1)
      result.nonEmptySegmentCount &+= 1
      result.pageCount &+= Int(bitPattern: lastPage &+ 1)
      addressBits |= inPage
    }
    if addressBits != 0 { result.maximumAlignment = 1 << addressBits.trailingZeroBitCount }
    return result
  }
}
