internal import WDF

/// Memory that the rings of all bindings share.
///
/// - Units: bytes
/// - Thread: any
/// - Source: `design.md` sections 5 and 7
final class RingBudget: Sendable {
  /// What one binding was given, and gives back.
  struct Grant: Sendable {
    /// Bytes of the capture ring, in the kernel.
    let capture: Int
    /// Bytes of the receive ring.
    let receive: Int
  }

  /// For all capture rings, and for all receive rings.
  static let total = 256 << 20
  /// A capture ring is never smaller; then a binding is refused.
  static let leastCapture = 2 << 20

  private struct Left: Sendable {
    var capture: Int
    var receive: Int
    /// Of the receive rings; less than was given away after it was made smaller.
    var receiveTotal: Int
  }
  private let left: Guarded<Left>

  /// Makes a budget.
  init(receiveByteCount: Int = RingBudget.total) {
    left = Guarded(
      Left(
        capture: RingBudget.total, receive: receiveByteCount, receiveTotal: receiveByteCount))
  }

  /// Makes the memory of all receive rings another; what was given stays given.
  func resize(receiveByteCount: Int) {
    left.withLock { left in
      left.receive += receiveByteCount - left.receiveTotal
      left.receiveTotal = receiveByteCount
    }
  }

  /// How much of one kind of ring was given, of how much.
  struct Use: Sendable {
    let given: Int
    let total: Int
  }

  /// Of the capture rings.
  var captureUse: Use {
    Use(given: RingBudget.total - left.withLock { $0.capture }, total: RingBudget.total)
  }

  /// Of the receive rings.
  var receiveUse: Use {
    left.withLock { Use(given: $0.receiveTotal - $0.receive, total: $0.receiveTotal) }
  }

  /// Takes what a binding wants; the capture ring shrinks when little is left.
  ///
  /// - Returns: nil if there is not even the least
  func take(capture: Int, receive: Int) -> Grant? {
    left.withLock { left in
      let granted = min(capture, left.capture)
      guard granted >= min(RingBudget.leastCapture, capture), receive <= left.receive else {
        return nil
      }
      left.capture -= granted
      left.receive -= receive
      return Grant(capture: granted, receive: receive)
    }
  }

  /// Gives back what a binding had.
  func give(_ grant: Grant) {
    left.withLock {
      $0.capture += grant.capture
      $0.receive += grant.receive
    }
  }
}
