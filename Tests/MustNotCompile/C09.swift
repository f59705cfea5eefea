// C9: an escaping closure captures a frame's span.
// error: lifetime-dependent variable 'span' escapes its scope
import MDL

func check() throws {
  var later: [() -> Int] = []
  #if OK
    receive { frame in
      let count = frame.span.byteCount
      later.append({ count })
    }
  #else
    receive { frame in
      let span = frame.span
      later.append({ span.byteCount })
    }
  #endif
}
