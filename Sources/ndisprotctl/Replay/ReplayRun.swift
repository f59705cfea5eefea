internal import CaptureFile
internal import Glibc
internal import NdisprotClient
internal import Platform

/// Sends a capture file to an interface.
struct ReplayRun: ~Copyable {
  /// Why a frame of the file was not sent.
  enum Omission: String, CaseIterable {
    /// It was captured only in part: it would be a different frame.
    case cut
    /// Its EtherType is not in `--only`.
    case otherType
    /// It is not Ethernet.
    case notEthernet
  }

  private let binding: OpenBinding
  private let only: EtherTypeSet?
  /// The source address that replaces the one in the file.
  private let source: MACAddress?
  private var writer: FrameWriter
  private var pacer: Pacer
  private var scratch: [UInt8] = []
  private(set) var omitted: [Omission: UInt64] = [:]
  private(set) var loops = 0
  private let start = ContinuousClock.now
  private(set) var elapsed = Duration.zero

  init(_ binding: OpenBinding, pace: ReplayPace, only: EtherTypeSet?, rewritesSource: Bool) {
    self.binding = binding
    self.only = only
    source = rewritesSource ? binding.address : nil
    writer = FrameWriter(binding)
    pacer = Pacer(pace)
  }

  /// The result for the frames passed to the daemon.
  var report: WriteReport { writer.report }
  /// How late frames were passed to the daemon.
  var jitter: Jitter { pacer.jitter }

  /// Why a replay ended early.
  enum Failure: Error {
    case file(CaptureFileError)
    case client(ClientError)
  }

  /// Sends a file; the frames before an error are sent.
  ///
  /// `show` receives the number of frames and the position in the file.
  mutating func send(_ input: CaptureInput, _ show: (UInt64, UInt64) -> Void) throws(Failure) {
    pacer.beginLoop()
    loops += 1
    let interruption = binding.connection.interruption
    var reader = input.reader
    var count = 0
    while true {
      // If nothing of the file is sent, no wait for the daemon notices an interruption.
      if count & 255 == 0, interruption?.isRaised == true { throw .client(.interrupted) }
      let frame: CaptureFrame?
      do throws(CaptureFileError) {
        frame = try reader.next()
      } catch {
        guard error.isForNow else { throw .file(error) }
        try awaitMore(input, interruption)
        continue
      }
      guard let frame else { return }
      do throws(ClientError) {
        try send(frame, &reader)
      } catch {
        throw .client(error)
      }
      count += 1
      if count & 255 == 0 { show(writer.report.submitted, reader.offset) }
    }
  }

  /// Waits for more data of a pipe, after sending the frames read so far.
  private mutating func awaitMore(
    _ input: CaptureInput, _ interruption: CancellationToken?
  ) throws(Failure) {
    do throws(ClientError) {
      try writer.flush()
    } catch {
      throw .client(error)
    }
    guard input.wait(interruption) else { throw .client(.interrupted) }
  }

  private mutating func send(
    _ frame: CaptureFrame, _ reader: inout CaptureReader
  ) throws(ClientError) {
    let omission = omission(frame, reader)
    // A skipped frame keeps its place in time.
    let due = pacer.due(frame.timestamp)
    if let omission {
      omitted[omission, default: 0] += 1
      return
    }
    if let due, monotonicNanoseconds() < due {
      // Frames that are due must not wait for later ones.
      try writer.flush()
      guard pacer.wait(until: due, binding.connection.interruption) else { throw .interrupted }
    }
    if let source {
      scratch.removeAll(keepingCapacity: true)
      unsafe reader.bytes.withUnsafeBytes { unsafe scratch.append(contentsOf: $0) }
      for index in 0..<6 where 6 + index < scratch.count {
        scratch[6 + index] = source.octets[index]
      }
      let rewritten = scratch
      try unsafe writer.write(rewritten.span.bytes)
    } else {
      try writer.write(reader.bytes)
    }
    if let due { pacer.note(due: due) }
  }

  private func omission(_ frame: CaptureFrame, _ reader: borrowing CaptureReader) -> Omission? {
    guard reader.interfaces[frame.interface].linkType == CaptureInterface.ethernet else {
      return .notEthernet
    }
    guard UInt64(frame.originalLength) <= UInt64(reader.bytes.byteCount) else { return .cut }
    guard let only else { return nil }
    guard let header = MDLSpan(reader.bytes).ethernetHeader, only.matches(header.decidingType)
    else { return .otherType }
    return nil
  }

  /// Waits for the statuses of the frames, even if interrupted.
  mutating func finish() throws(ClientError) {
    binding.connection.interruption = nil
    defer { elapsed = start.duration(to: .now) }
    try writer.finish()
  }

  /// The daemon is gone: unanswered frames count as `restarted`.
  mutating func abandon() {
    _ = writer.abandon()
    elapsed = start.duration(to: .now)
  }
}

extension CaptureFileError {
  /// Whether the source only has no data yet.
  fileprivate var isForNow: Bool {
    guard case .unreadable(let error) = self else { return false }
    return error.errno == EAGAIN
  }
}
