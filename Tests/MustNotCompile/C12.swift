// C12: a global variable keeps a view of a local array.
// error: lifetime-dependent value escapes its scope
import MDL

#if OK
  nonisolated(unsafe) var kept: Int?
#else
  nonisolated(unsafe) var kept: MDLSpan?
#endif

func check() {
  let bytes: [UInt8] = [1]
  #if OK
    kept = MDLSpan(bytes.span.bytes).byteCount
  #else
    kept = MDLSpan(bytes.span.bytes)
  #endif
}
