public import NDIS
internal import NdisprotControl

/// The result for the frames passed to a `FrameWriter` or a `FrameExchange`.
public struct WriteReport: Equatable, Sendable {
  /// Frames passed to it.
  public var submitted: UInt64 = 0
  /// Frames that were sent.
  public var sent: UInt64 = 0
  /// Bytes of the frames that were sent.
  public var sentByteCount: UInt64 = 0
  /// Frames that were not sent, by status.
  public var failures: [CompletionStatus: UInt64] = [:]
  /// The status of the first frame that was not sent; nil if all were.
  public private(set) var firstFailure: CompletionStatus?
  /// The limit in the first refusal; 0 if it has none.
  public var limitByteCount: UInt32 = 0
  /// Why the access policy refused the first frame it refused; empty if it refused none.
  public var reason = ""

  /// Creates an empty report.
  public init() {}

  /// Frames that were not sent.
  public var failed: UInt64 { failures.values.reduce(0, +) }
  /// Frames whose status is not known yet.
  public var outstanding: UInt64 { submitted - sent - failed }

  mutating func count(_ failure: CompletionStatus, frames: UInt64) {
    guard frames > 0 else { return }
    if firstFailure == nil { firstFailure = failure }
    failures[failure, default: 0] += frames
  }

  /// Counts the frames of an answered message.
  mutating func count(_ reply: MessageHeader, _ payload: RawSpan, frameCount: UInt64) {
    sentByteCount += UInt64(reply.information)
    guard !reply.completion.isSuccess else {
      sent += frameCount
      return
    }
    if limitByteCount == 0 { limitByteCount = reply.bytesNeeded }
    if reason.isEmpty { reason = reply.reason(in: payload) ?? "" }
    guard let statuses = try? FrameStatuses(payload, of: reply),
      UInt64(statuses.count) == frameCount
    else {
      // The message as a whole was refused.
      count(reply.completion, frames: frameCount)
      return
    }
    for index in 0..<statuses.count {
      let status = statuses[index]
      if status.isSuccess {
        sent += 1
      } else {
        count(status, frames: 1)
      }
    }
  }
}
