// C8: a task takes a received frame with it.
// error: lifetime-dependent variable 'frame' escapes its scope
import MDL

func check() throws {
  #if OK
    receive { frame in
      let count = frame.bytes.byteCount
      Task { _ = count }
    }
  #else
    receive { frame in
      Task { _ = frame.bytes.byteCount }
    }
  #endif
}
