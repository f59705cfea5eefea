internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// A session's open and its charges: quotas of its rules, a large socket buffer, and the requests
/// that are not answered yet.
///
/// Requests are counted under the rules of the current or last open: they may outlast it.
///
/// - Thread: the loop that has the session
final class OpenLease {
  /// The open; nil if the session has none.
  private(set) var open: OpenContext?
  private var charge: QuotaTable.Charge?
  private var largeBuffer: Charge?
  private var limits = RequestLimits()
  /// Reads and writes that are not answered yet, all of them counted in `limits`.
  private var transferCount = 0

  // MARK: The open

  /// Charges the user for an open that is about to be created.
  ///
  /// - Parameters:
  ///   - access: its rights
  ///   - userID: the user
  ///   - options: what was asked for; the window is set to what is granted
  ///   - windowByteCount: the window of an open that asks for the maximum
  ///   - leastWindow: the smallest that holds a frame
  ///   - quotas: what each user holds
  /// - Throws: `.quota` with the rule whose quota is used up
  func charge(
    _ access: AccessGrant, _ userID: UInt32, _ options: inout OpenOptions, windowByteCount: Int,
    leastWindow: Int, _ quotas: QuotaTable
  ) throws(AccessRefusal) {
    let isWindowOpen = options.queueByteCount == 0
    options.queueByteCount =
      isWindowOpen
      ? windowByteCount
      : min(max(options.queueByteCount, leastWindow), windowByteCount)
    let charge = try quotas.charge(
      access, userID, &options, isWindowOpen: isWindowOpen, leastWindow: leastWindow)
    count(under: charge.requests)
    self.charge = consume charge
  }

  /// The open was created, with a large buffer if one was left.
  func begin(_ open: OpenContext, _ largeBuffer: consuming Charge?) {
    self.open = open
    self.largeBuffer = largeBuffer
  }

  /// Recharges the open under the rules that decide now, even where they allow less.
  func recharge(_ userID: UInt32, _ quotas: QuotaTable) {
    guard let open else { return }
    releaseCharge()
    let charge = quotas.chargeAnyway(
      open.access, userID, queueByteCount: open.options.queueByteCount)
    count(under: charge.requests)
    self.charge = consume charge
  }

  /// Removes and closes the open, and releases its charges.
  ///
  /// - Returns: the open; nil if there was none
  func end(_ buffers: SendBufferBudget, _ socket: ClientSocket) -> OpenContext? {
    guard let open = open.take() else { return nil }
    // Pended reads and writes complete in this call, and are subtracted.
    open.close()
    releaseCharge()
    if let charge = largeBuffer.take() { buffers.shrink(socket, charge) }
    return open
  }

  /// Releases the charge of an open that was not created, or has been replaced.
  func releaseCharge() { charge = nil }

  // MARK: Its requests

  /// Counts a read or a write; `transferEnded` follows.
  ///
  /// - Returns: nil if the open's rules allow one more
  func transferBegins() -> AccessRefusal? {
    transferCount += 1
    return limits.take()
  }

  /// Ends the count of a read or write that was answered.
  func transferEnded() {
    transferCount -= 1
    limits.give()
  }

  /// Moves the count of unanswered requests to the rules that apply now.
  private func count(under limits: RequestLimits) {
    for _ in 0..<transferCount { self.limits.give() }
    self.limits = limits
    for _ in 0..<transferCount { _ = limits.take() }
  }
}
