internal import ArgumentParser
internal import CaptureFile
internal import NdisprotClient
internal import Platform

/// `ndisprotctl replay`.
struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Sends the frames of a capture file.",
    discussion: Help.text(
      """
      pcapng and pcap, from a file or, with -, from standard input. The daemon checks each frame as any \
      other that is written: its EtherType and its source must be the caller's to use. What it refuses is \
      counted by its reason, and the exit code is 1. Frames that were captured in part are not sent.
      """,
      [
        "ndisprotctl replay eth0.pcapng eth0 --pace x2",
        "ndisprotctl replay eth0.pcapng eth0 --pace topspeed --rewrite-source",
      ]))

  @OptionGroup var global: GlobalOptions

  @Argument(help: "A capture file, or - for standard input.", completion: .file())
  var file: String

  @Argument(help: "An interface name, or @N, its index.")
  var binding: BindingArgument

  @Option(
    help: ArgumentHelp(
      "original, topspeed, frames a second such as 1000, or a multiple of the original such as x2.",
      valueName: "pace"))
  var pace = ReplayPace.original(speed: 1)

  @Option(help: ArgumentHelp("Sends the file so many times.", valueName: "count"))
  var loop = 1

  @Flag(help: "Sends from the interface's own address, whatever stands in the file.")
  var rewriteSource = false

  @Option(
    name: .customLong("only"), parsing: .singleValue,
    help: ArgumentHelp("Sends only frames of this EtherType (repeatable).", valueName: "type"))
  var only: [EtherTypeArgument] = []

  mutating func validate() throws {
    guard loop > 0 else { throw ValidationError("--loop \(loop) sends nothing. Write 1 or more") }
    guard loop == 1 || file != "-" else {
      throw ValidationError("standard input is read once. Write a file for --loop")
    }
    guard only.count <= EtherTypeSet.maximumCount else {
      throw ValidationError(
        "\(only.count) EtherTypes are too many. "
          + "Write --only at most \(EtherTypeSet.maximumCount) times")
    }
  }

  mutating func run() throws {
    let program = Program(
      global, "replay to \(binding.description)", .write, binding: binding.description)
    // Before anything is opened: a missing file is no reason to contact the daemon.
    let first = try input(program)
    guard loop == 1 || first.byteCount != nil else {
      throw ValidationError("\(file) is no regular file, and is read once. Write a file for --loop")
    }
    let connection = try program.connect()
    let entry = try program.entry(binding, connection)
    let own = OwnRights(entry, for: .write)
    let types = only.isEmpty ? own.etherTypes : EtherTypeSet(only.map(\.value))
    let open = try program.open(
      .name(entry.name), connection,
      // No right to write: the daemon reports why.
      etherTypes: types.isEmpty ? EtherTypeSet([EtherTypeSet.anyValue]) : types,
      flags: !rewriteSource && own.rights.contains(.anySource) ? .anySource : [])
    var run = ReplayRun(
      open, pace: pace, only: only.isEmpty ? nil : types, rewritesSource: rewriteSource)
    let failure = replay(&run, first, program)
    let report = run.report
    try program.end(summary: { printSummary(run, program.output) }) {
      switch failure {
      case .file(let error): program.fail(unreadable: file, error)
      case .client(let error) where error != .interrupted: program.fail(error)
      default: report.failed > 0 ? program.fail(report, ofFile: true) : nil
      }
    }
  }

  private func input(_ program: Program) throws(Failure) -> CaptureInput {
    do throws(SystemError) {
      return try CaptureInput(file)
    } catch {
      throw program.fail(unreadable: file, .unreadable(error))
    }
  }

  private func replay(
    _ run: inout ReplayRun, _ first: CaptureInput, _ program: Program
  ) -> ReplayRun.Failure? {
    let progress = ReplayProgress(first.byteCount, loops: loop, isWanted: !global.json)
    defer { progress.end() }
    var failure: ReplayRun.Failure?
    do throws(ReplayRun.Failure) {
      for index in 0..<loop {
        let input: CaptureInput
        do throws(SystemError) {
          input = index == 0 ? first : try CaptureInput(file)
        } catch {
          throw .file(.unreadable(error))
        }
        try run.send(input) { progress.show($0, offset: $1, loop: index) }
      }
    } catch {
      failure = error
    }
    if case .client(.daemonGone) = failure {
      run.abandon()
      return failure
    }
    do throws(ClientError) {
      try run.finish()
    } catch {
      if error == .daemonGone { run.abandon() }
      return failure ?? .client(error)
    }
    return failure
  }

  private func printSummary(_ run: borrowing ReplayRun, _ output: Output) {
    let omitted = ReplayRun.Omission.allCases.compactMap { omission in
      run.omitted[omission].map { (omission.rawValue, $0) }
    }
    let failures = run.report.failuresByName
    guard !output.isJSON else {
      var (skipped, failed, jitter) = (JSONLine(), JSONLine(), JSONLine())
      for (name, count) in omitted { skipped.add(name, count) }
      for (name, count) in failures { failed.add(name, count) }
      var line = JSONLine()
      line.add("event", "summary")
      line.add("submitted", run.report.submitted)
      line.add("sent", run.report.sent)
      line.add("failed", failed)
      line.add("skipped", skipped)
      line.add("bytes", run.report.sentByteCount)
      line.add("elapsedSeconds", run.elapsed)
      line.add("loops", run.loops)
      if run.jitter.isKnown {
        for percent in [50, 99] as [UInt64] {
          jitter.add("p\(percent)", run.jitter.percentile(percent))
        }
        jitter.add("max", run.jitter.worst)
        line.add("lateMicroseconds", jitter)
      }
      output.standard.writeLine(line.closed)
      return output.standard.flush()
    }
    var parts = ["\(run.report.submitted) submitted", "\(run.report.sent) sent"]
    parts += failures.map { "\($0.1) failed (\($0.0))" }
    parts += omitted.map { "\($0.1) skipped (\($0.0))" }
    parts.append("\(run.report.sentByteCount) bytes in \(run.elapsed.secondsText) s")
    if run.jitter.isKnown {
      parts.append(
        "late by \(run.jitter.percentile(50)) us, 99 of 100 by at most \(run.jitter.percentile(99)), "
          + "all by at most \(run.jitter.worst)")
    }
    output.standard.writeLine(parts.joined(separator: ", "))
    output.standard.flush()
  }
}

/// The progress of a replay, and the time that is left.
private final class ReplayProgress {
  private let byteCount: UInt64?
  private let loops: Int
  private let line: LiveLine
  private let start = monotonicNanoseconds()
  private var shownAt: UInt64

  init(_ byteCount: UInt64?, loops: Int, isWanted: Bool) {
    self.byteCount = byteCount
    self.loops = loops
    line = LiveLine(isWanted: isWanted)
    shownAt = start
  }

  func show(_ frames: UInt64, offset: UInt64, loop: Int) {
    let now = monotonicNanoseconds()
    // Twice a second, from the first second on.
    guard now - start >= 1_000_000_000, now - shownAt >= 500_000_000 else { return }
    shownAt = now
    let seconds = Double(now - start) / 1e9
    var text = "\(frames) frames, \(line.rate(frames, at: seconds))/s"
    if let byteCount, byteCount > 0 {
      let done = (Double(loop) + Double(offset) / Double(byteCount)) / Double(loops)
      let left = done > 0 ? min(seconds / done - seconds, 1e9) : 0
      text += ", \(Int(min(1, done) * 100)) %, \(UInt64(max(0, left)) ) s left"
    }
    line.show(text)
  }

  func end() { line.end() }
}
