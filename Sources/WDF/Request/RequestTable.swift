/// Requests by the identifiers that their client gave them: a hash table whose chains run through the
/// requests.
///
/// A client chooses its identifiers. They are spread by a factor that it does not know, so that it
/// cannot choose many that share a chain.
///
/// - Thread: guarded by the lock of the file object that keeps it
/// - Complexity: O(1) expected to find, insert and remove; an insert that doubles the chains is O(n)
struct RequestTable {
  private static let firstChainCount = 8

  private var chains: [RequestCore?] = []
  /// A product's upper bits are the number of its chain.
  private var shift: UInt64 = 0
  private(set) var count = 0
  /// Odd; the same for all tables of the process, which draws the seed of its hashes when it starts.
  private let factor = UInt64(bitPattern: Int64(0.hashValue)) | 1

  /// The request of an identifier.
  subscript(id: UInt64) -> RequestCore? {
    if count == 0 { return nil }
    var next = chains[chain(of: id)]
    while let request = next {
      if request.parameters.id == id { return request }
      next = request.nextInFile
    }
    return nil
  }

  /// Adds a request, whose identifier no other one has.
  mutating func insert(_ request: RequestCore) {
    if count == chains.count { grow() }
    link(request)
    count += 1
  }

  /// Takes a request out; nothing happens if it is not in.
  mutating func remove(_ request: RequestCore) {
    if count == 0 { return }
    let chain = chain(of: request.parameters.id)
    // Moved and not copied, which would be counted.
    guard let first = chains[chain].take() else { return }
    if first === request {
      chains[chain] = request.nextInFile.take()
      count -= 1
      return
    }
    chains[chain] = first
    var previous = first
    while let next = previous.nextInFile {
      if next === request {
        previous.nextInFile = request.nextInFile.take()
        count -= 1
        return
      }
      previous = next
    }
  }

  /// All of them, in no order.
  var all: [RequestCore] {
    var found: [RequestCore] = []
    found.reserveCapacity(count)
    for first in chains {
      var next = first
      while let request = next {
        found.append(request)
        next = request.nextInFile
      }
    }
    return found
  }

  private func chain(of id: UInt64) -> Int { Int(truncatingIfNeeded: (id &* factor) >> shift) }

  private mutating func link(_ request: RequestCore) {
    let chain = chain(of: request.parameters.id)
    request.nextInFile = chains[chain].take()
    chains[chain] = request
  }

  private mutating func grow() {
    let all = all
    let chainCount = max(Self.firstChainCount, 2 * chains.count)
    chains = Array(repeating: nil, count: chainCount)
    shift = UInt64(64 - chainCount.trailingZeroBitCount)
    for request in all { link(request) }
  }
}
