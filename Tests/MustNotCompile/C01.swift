// C1: the bytes of a received frame are kept in a variable outside the callback.
// error: lifetime-dependent variable 'kept' escapes its scope
import MDL

func check() throws {
  var kept = RawSpan()
  #if OK
    receive { frame in _ = frame.bytes.byteCount }
    kept = RawSpan()
    _ = kept.byteCount
  #else
    receive { frame in kept = frame.bytes }
    _ = kept.byteCount
  #endif
}
