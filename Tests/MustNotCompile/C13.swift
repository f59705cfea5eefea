// C13: a child task captures a span.
// error: lifetime-dependent variable 'bytes' escapes its scope
import MDL

@Sendable func check() async {
  let array: [UInt8] = [1, 2]
  let bytes = array.span.bytes
  #if OK
    let count = bytes.byteCount
    await withTaskGroup(of: Int.self) { group in group.addTask { count } }
  #else
    await withTaskGroup(of: Int.self) { group in group.addTask { bytes.byteCount } }
  #endif
}
