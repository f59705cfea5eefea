internal import Synchronization

/// How many objects of a kind there should be; more are reported once, until half of them are gone.
struct ObjectLimits: Sendable {
  private var limits: [Kind: Int] = [:]
  private var reported: Set<Kind> = []

  mutating func set(_ kind: Kind, _ limit: Int?) {
    limits[kind] = limit
    reported.remove(kind)
  }

  /// Whether a count is news.
  mutating func consider(_ kind: Kind, count: Int) -> Bool {
    guard let limit = limits[kind] else { return false }
    if count <= limit / 2 { reported.remove(kind) }
    return count > limit && reported.insert(kind).inserted
  }

  var isEmpty: Bool { limits.isEmpty }
}

extension Framework {
  /// Has more than `limit` objects of a kind reported as `VE-OBJECT-LIMIT`; `nil` takes that back.
  ///
  /// Scale it by what makes objects: so many a binding, a session.
  public func limitObjects(of kind: Kind, to limit: Int?) {
    limits.withLock { $0.set(kind, limit) }
  }

  func considerLimit(_ kind: Kind) {
    guard verifier != .off, !limits.withLock({ $0.isEmpty }) else { return }
    let count = liveObjectCount(of: kind)
    if limits.withLock({ $0.consider(kind, count: count) }) {
      reporter.report(.objectLimit, nil, kind, "\(kind)", "\(count) live objects")
    }
  }
}
