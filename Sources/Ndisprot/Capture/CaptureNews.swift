public import NDIS

/// What a binding's capturing tells whoever runs its data path.
///
/// - Thread: the binding's
public enum CaptureNews: Hashable, Sendable {
  /// It does not capture as its opens want, and is trying again; told once until it does.
  case failed(MiniportError)
  /// It does again.
  case recovered
  /// The interface is not the one that was bound any more, though one of its index may be there.
  case vanished
}
