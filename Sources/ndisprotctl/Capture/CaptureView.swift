internal import NdisprotClient
internal import Platform

/// The messages of a capture: a line at the start, a live line on a terminal, a summary at the end.
struct CaptureView {
  private let program: Program
  private let names: [String]
  private let path: String
  /// Whether standard output is the file.
  private let isData: Bool
  private let live: LiveLine

  init(_ program: Program, _ names: [String], _ path: String, isData: Bool) {
    self.program = program
    self.names = names
    self.path = path
    self.isData = isData
    live = LiveLine(isWanted: !program.output.isJSON)
  }

  func showBegin() {
    live.end()
    if program.output.isJSON {
      var line = JSONLine()
      line.add("event", "capturing")
      line.add("bindings", names)
      line.add("file", path)
      write(line.closed)
    } else {
      write("capturing \(names.map(\.printableName).joined(separator: ", ")) to \(fileText(path))")
    }
  }

  /// The daemon is gone; the capture waits for it.
  func showWaiting() {
    live.end()
    if program.output.isJSON {
      var line = JSONLine()
      line.add("event", "waiting")
      line.add("bindings", names)
      write(line.closed)
    } else {
      write("the daemon went: the capture goes on when it is back; frames until then are missed")
    }
  }

  func showMoment(_ moment: CaptureRun.Moment) {
    let seconds = moment.elapsed / .seconds(1)
    let rate = live.rate(moment.frames, at: seconds)
    let lost = moment.lost == 0 ? "0 lost" : "\(moment.lost) lost (\(Self.places(moment)))"
    live.show(
      "\(moment.frames) frames, \(rate)/s, \(moment.bytes.byteText), \(lost), "
        + "\(fileText(moment.file.path)) \(moment.file.byteCount.byteText)")
  }

  func showSummary(_ moment: CaptureRun.Moment) {
    live.end()
    guard program.output.isJSON else {
      let files =
        moment.file.fileCount > 1 ? "\(moment.file.fileCount) files" : fileText(moment.file.path)
      let refused = moment.read &- min(moment.read, moment.frames &+ moment.unwritten)
      write(
        "\(moment.frames) frames, \(moment.bytes) bytes in \(moment.elapsed.secondsText) s to \(files)"
          + (refused > 0 ? ", \(refused) not wanted" : "")
          + (moment.resumes > 0
            ? ", resumed \(moment.resumes == 1 ? "once" : "\(moment.resumes) times")" : "")
          + ", \(moment.lost) lost" + (moment.lost > 0 ? ": \(Self.places(moment))" : ""))
      return
    }
    var drops = JSONLine()
    for (counter, count) in moment.losses { drops.add(counter.name, count) }
    drops.add("unwritten", moment.unwritten)
    var line = JSONLine()
    line.add("event", "summary")
    line.add("frames", moment.frames)
    line.add("bytes", moment.bytes)
    line.add("read", moment.read)
    line.add("elapsedSeconds", moment.elapsed)
    line.add("file", moment.file.path)
    line.add("files", moment.file.fileCount)
    line.add("fileBytes", moment.file.byteCount)
    line.add("resumes", moment.resumes)
    line.add("lost", moment.lost)
    line.add("drops", drops)
    write(line.closed)
  }

  /// Where frames were lost.
  private static func places(_ moment: CaptureRun.Moment) -> String {
    let places = moment.losses.filter { $0.count > 0 }.map { "\($0.counter.name) \($0.count)" }
    return (places + (moment.unwritten > 0 ? ["unwritten \(moment.unwritten)"] : []))
      .joined(separator: ", ")
  }

  private func fileText(_ path: String) -> String {
    path == "-" ? "standard output" : path.printable()
  }

  private func write(_ line: String) {
    guard !isData else {
      StandardOutput.write(Array("\(line)\n".utf8), to: 2)
      return
    }
    program.output.standard.writeLine(line)
    program.output.standard.flush()
  }
}
