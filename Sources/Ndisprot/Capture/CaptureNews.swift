public import NDIS

/// A report on a binding's capture or its send socket to the owner of its data path.
///
/// - Thread: the binding's
public enum CaptureNews: Hashable, Sendable {
  /// The capture does not satisfy the opens, and is being retried; reported once until it recovers.
  case failed(MiniportError)
  /// The capture has recovered.
  case recovered
  /// The kernel does not let frames skip the queueing discipline; they go through it.
  case bypassRefused(MiniportError)
  /// The interface is no longer the one that was bound, though another one may have its index.
  case vanished
}
