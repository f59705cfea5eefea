// C11: a stored property of a class keeps the bytes of a received frame.
// error: lifetime-dependent variable 'frame' escapes its scope
// flags: -enable-experimental-feature Lifetimes
import MDL

final class Keeper: Receiver {
  #if OK
    var kept = 0
    override func receive(_ frame: ReceivedFrame) { kept = frame.bytes.byteCount }
  #else
    var kept = RawSpan()
    override func receive(_ frame: ReceivedFrame) { kept = frame.bytes }
  #endif
}
