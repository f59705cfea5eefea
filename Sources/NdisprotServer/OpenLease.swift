internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// What a session has open, and what that is charged for: quotas of its rules, a large socket buffer,
/// and the requests that are not answered yet.
///
/// Requests are counted under the rules of the open there is, or was: they may outlast it.
///
/// - Thread: the loop that has the session
final class OpenLease {
  /// The open; nil if there is none.
  private(set) var open: OpenContext?
  private var charge: QuotaTable.Charge?
  private var largeBuffer: Charge?
  private var limits = RequestLimits()
  /// Reads and writes that are not answered yet, all of them counted in `limits`.
  private var transferCount = 0

  // MARK: The open

  /// Charges the user for an open that is about to be made.
  ///
  /// - Parameters:
  ///   - access: what it may do
  ///   - userID: the user
  ///   - options: what was asked; the window becomes what is granted
  ///   - windowByteCount: the window of an open that asks for all there is
  ///   - leastWindow: the smallest that holds a frame
  ///   - quotas: what each user has
  /// - Throws: `.quota` with the rule that allows no more
  func charge(
    _ access: AccessGrant, _ userID: UInt32, _ options: inout OpenOptions, windowByteCount: Int,
    leastWindow: Int, _ quotas: QuotaTable
  ) throws(AccessRefusal) {
    let isWindowOpen = options.queueByteCount == 0
    options.queueByteCount =
      isWindowOpen
      ? windowByteCount
      : min(max(options.queueByteCount, leastWindow), windowByteCount)
    charge = try quotas.take(
      access, userID, &options, isWindowOpen: isWindowOpen, leastWindow: leastWindow)
    count(under: charge?.requests ?? RequestLimits())
  }

  /// The open is there, with a large buffer if there was one left.
  func begin(_ open: OpenContext, _ largeBuffer: consuming Charge?) {
    self.open = open
    self.largeBuffer = largeBuffer
  }

  /// What the open has counts under the rules that decide now, also where they allow less.
  func recharge(_ userID: UInt32, _ quotas: QuotaTable) {
    guard let open else { return }
    giveCharge(quotas)
    charge = quotas.charge(open.access, userID, queueByteCount: open.options.queueByteCount)
    count(under: charge?.requests ?? RequestLimits())
  }

  /// Takes the open out, which is closed by that, and gives back what it was charged for.
  ///
  /// - Returns: what was open; nil if nothing was
  func end(
    _ quotas: QuotaTable, _ buffers: SendBuffers, _ socket: ClientSocket
  ) -> OpenContext? {
    guard let open = open.take() else { return nil }
    // Reads and writes that are pended complete in here, and are counted off.
    open.close()
    giveCharge(quotas)
    if let charge = largeBuffer.take() { buffers.shrink(socket, charge) }
    return open
  }

  /// Gives back the charge of an open that was not made, or is another now.
  func giveCharge(_ quotas: QuotaTable) {
    if let charge = charge.take() { quotas.give(charge) }
  }

  // MARK: Its requests

  /// Counts a read or a write; `transferEnded` follows.
  ///
  /// - Returns: nil if the open's rules allow one more
  func transferBegins() -> AccessRefusal? {
    transferCount += 1
    return limits.take()
  }

  /// A counted read or write was answered.
  func transferEnded() {
    transferCount -= 1
    limits.give()
  }

  /// Other rules limit the requests; those that are not answered count there from now on.
  private func count(under limits: RequestLimits) {
    for _ in 0..<transferCount { self.limits.give() }
    self.limits = limits
    for _ in 0..<transferCount { _ = limits.take() }
  }
}
