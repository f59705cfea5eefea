internal import FrameDecoding
internal import FuzzSupport

/// A frame as a stranger sends it: nothing may trap, what is shown is bounded and holds no control characters.
///
/// - Shape: a frame
func check(_ input: Input) {
  var input = input
  let bytes = input.remainder()
  let decoded = FrameDecoder.decode(bytes.span.bytes, originalLength: UInt32(bytes.count))
  require(!decoded.isCut, "a whole frame is called cut")
  require(decoded.fields.count <= 64, "more fields than any protocol has")
  for field in decoded.fields {
    let text = field.value.text
    require(
      text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }, "a control character"
    )
    require(text.utf8.count <= 64 + 16 * bytes.count, "more text than the frame has")
  }
}
