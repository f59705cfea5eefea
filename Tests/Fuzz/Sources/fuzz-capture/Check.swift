internal import CaptureFile
internal import FuzzSupport

/// A capture file as a stranger sends it, in chunks: nothing may trap, every error lies inside of the file,
/// and what was read survives being written and read again.
///
/// - Shape: `[chunk length 1][file]`
func check(_ input: Input) {
  var input = input
  let step = max(1, Int(input.byte()))
  let file = input.remainder()
  var reader = reader(of: file, step: step)
  var writer = CaptureWriter(.pcapng)
  writer.appendHead([CaptureInterface(), CaptureInterface()], program: "", system: "")
  var frames: [(CaptureFrame, [UInt8])] = []
  do {
    while var frame = try reader.next() {
      frame.interface &= 1
      let bytes = reader.bytes.withUnsafeBytes { Array($0) }
      writer.append(frame, bytes.span.bytes)
      frames.append((frame, bytes))
    }
  } catch {
    require(error.offset.map { $0 <= UInt64(file.count) } == true, "an error outside of the file")
  }
  require(frames.reduce(0) { $0 + $1.1.count } <= file.count, "more bytes than the file has")
  compare(frames, writer.pending.withUnsafeBytes { Array($0) })
}

/// A reader that gets so many bytes at a time.
private func reader(of file: [UInt8], step: Int) -> CaptureReader {
  var rest = file[...]
  return CaptureReader { wanted in
    let part = rest.prefix(min(step, wanted))
    rest = rest.dropFirst(part.count)
    return Array(part)
  }
}

private func compare(_ frames: [(CaptureFrame, [UInt8])], _ file: [UInt8]) {
  var reader = reader(of: file, step: .max)
  for (frame, bytes) in frames {
    guard let again = try? reader.next() else { return require(false, "a frame is lost") }
    require(again == frame, "a frame is described otherwise")
    require(reader.bytes.withUnsafeBytes { Array($0) } == bytes, "a frame is another one")
  }
  require((try? reader.next()) == .some(nil), "there is more than was written")
}
