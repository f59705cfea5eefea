// C2: the bytes of a received frame are appended to a builder outside the callback.
// error: lifetime-dependent variable 'kept' escapes its scope
import MDL

func check() throws {
  #if OK
    receive { frame in
      var local = MDLChainBuilder<4>()
      try? local.append(frame.bytes)
      _ = local.byteCount
    }
  #else
    var kept = MDLChainBuilder<4>()
    receive { frame in try? kept.append(frame.bytes) }
    _ = kept.byteCount
  #endif
}
