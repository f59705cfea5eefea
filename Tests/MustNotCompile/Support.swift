// What the cases receive frames with; compiled together with each of them.
import MDL

/// Hands one frame to `body`, as a capture callback would.
func receive(_ body: (ReceivedFrame) -> Void) {
  let bytes = [UInt8](repeating: 0, count: 60)
  body(ReceivedFrame(bytes: bytes.span.bytes, wireByteCount: 60))
}

/// What a class that takes frames looks like.
class Receiver {
  func receive(_ frame: ReceivedFrame) {}
}
