// C10: a frame is assigned to an optional outside the callback.
// error: lifetime-dependent variable 'kept' escapes its scope
import MDL

func check() throws {
  #if OK
    var kept: Int? = nil
    receive { frame in kept = frame.wireByteCount }
    _ = kept
  #else
    var kept: ReceivedFrame? = nil
    receive { frame in kept = frame }
    if let kept { _ = kept.wireByteCount }
  #endif
}
