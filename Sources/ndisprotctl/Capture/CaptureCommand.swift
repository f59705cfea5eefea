internal import ArgumentParser
internal import CaptureFile
internal import FrameFilter
internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// `ndisprotctl capture`.
struct CaptureCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture", abstract: "Writes frames to a file that Wireshark and tcpdump read.",
    discussion: Help.text(
      """
      Without --ethertype it captures what the caller may read, and where the rules allow it also what \
      this host sends and what groups hear. The daemon passes on the EtherTypes of the open and no other \
      frame; --filter and --direction are applied here, to what the daemon passed on. Groups are heard: all \
      of them with the right set-oid, with join those of the protocols that are captured. A file is whole at \
      every moment, also when the disk is full. The summary says how many frames were lost, and where.
      """,
      [
        "ndisprotctl capture eth0 -w eth0.pcapng --filter 'vlan 42'",
        "ndisprotctl capture eth0 -w - -n 10",
      ]))

  @OptionGroup var global: GlobalOptions

  @Argument(help: "Interface names, or @N, their indexes.")
  var bindings: [BindingArgument]

  @Option(
    name: .customShort("w"),
    help: ArgumentHelp(
      "The file, or - for standard output (default: BINDING-TIME.pcapng).", valueName: "file"),
    completion: .file())
  var path: String?

  @Option(name: .customLong("format"), help: ArgumentHelp("pcapng or pcap.", valueName: "format"))
  var fileFormat = CaptureFormatArgument(.pcapng)

  @Option(
    name: .customShort("n"),
    help: ArgumentHelp("Frames to capture; 0 is until interrupted.", valueName: "count"))
  var count: UInt64 = 0

  @Option(help: ArgumentHelp("Ends after so many seconds.", valueName: "s"))
  var duration: SecondsArgument?

  @Option(
    help: ArgumentHelp(
      "Goes on in another file after so many bytes: 500k, 10M, 1G.", valueName: "size"))
  var rotateSize: ByteCountArgument?

  @Option(help: ArgumentHelp("Goes on in another file after so many seconds.", valueName: "s"))
  var rotateTime: SecondsArgument?

  @Option(
    help: ArgumentHelp("Files to keep when rotating; the oldest is deleted.", valueName: "files"))
  var files: Int?

  @Option(help: ArgumentHelp("Writes only so many bytes of a frame.", valueName: "bytes"))
  var snap: Int?

  @Option(
    help: ArgumentHelp(
      "in, out or both (default: both where the rules allow it).", valueName: "direction"))
  var direction: FrameDirection?

  @OptionGroup var filter: FilterArgument

  @Option(
    name: .customLong("ethertype"), parsing: .singleValue,
    help: ArgumentHelp(
      "An EtherType such as lldp, 0x88cc, llc, or any (repeatable; default: all that you may read).",
      valueName: "type"))
  var etherTypes: [EtherTypeArgument] = []

  @OptionGroup var hearing: ReceiveFilterOptions

  @Flag(help: "Waits for a daemon that went, and goes on in the same file.")
  var reconnect = false

  private var format: CaptureFormat { fileFormat.format }

  mutating func validate() throws {
    let names = bindings.map(\.description)
    guard Set(names).count == names.count else {
      throw BindingArgument.namedTwice
    }
    if let snap, snap < 1 {
      throw ValidationError("--snap \(snap) keeps nothing of a frame. Write 1 or more")
    }
    guard etherTypes.count <= EtherTypeSet.maximumCount else {
      throw ValidationError(
        "\(etherTypes.count) EtherTypes are too many. "
          + "Write --ethertype at most \(EtherTypeSet.maximumCount) times, or --ethertype any")
    }
    if let rotateTime, rotateTime.duration == .zero {
      throw ValidationError("--rotate-time 0 leaves no time for a file. Write 1 or more")
    }
    let rotates = rotateSize != nil || rotateTime != nil
    if let files, files < 1 || !rotates {
      throw ValidationError(
        "--files says how many to keep of several. Write 1 or more, and --rotate-size or --rotate-time"
      )
    }
    guard path != "-" || isatty(STDOUT_FILENO) == 0 else {
      throw ValidationError(
        "standard output is a terminal, which shows no frames. Write a file with -w, or a pipe such as "
          + "| tshark -r -")
    }
    guard !rotates || path != "-" else {
      throw ValidationError("standard output cannot be rotated. Write a file with -w")
    }
  }

  mutating func run() throws {
    let program = Program(
      global, "capture \(bindings.map(\.description).joined(separator: ", "))", .read,
      binding: bindings.first?.description ?? "")
    let filter = try filter.compiled()
    // The summary is printed even if the reader of a pipe is gone.
    signal(SIGPIPE, SIG_IGN)
    let monitor = try program.connect()
    var selection = CaptureSelection(filter: filter, snapLength: snap)
    selection.direction = direction ?? .both
    var sources: [CaptureSource] = []
    var indexes: Set<UInt32> = []
    for (place, argument) in bindings.enumerated() {
      let entry = try program.entry(argument, monitor)
      guard indexes.insert(entry.interfaceIndex).inserted else { throw BindingArgument.namedTwice }
      sources.append(try source(place, entry, selection, program, monitor))
    }
    var head = CaptureWriter(format)
    head.appendHead(
      sources.map(\.interface), program: "ndisprotctl \(Build.version)",
      system: HostFacts.system)
    let rotation = CaptureRotation(
      byteLimit: rotateSize?.byteCount, interval: rotateTime?.duration, fileLimit: files)
    let path =
      path
      ?? CaptureFiles.newPath(sources[0].interface.name, format.rawValue, isTaken: !rotation.isOn)
    let sink = CaptureSink(
      CaptureFiles(path, rotation, head: head.copy), frameLimit: count)
    let view = CaptureView(program, sources.map(\.interface.name), path, isData: path == "-")
    let moment: CaptureRun.Moment
    let failure: (error: ClientError, binding: String)?
    do throws(SystemError) {
      (moment, failure) = try CaptureRun(
        sources, sink, format, reconnectPath: reconnect ? program.socketPath : nil
      ).run(
        monitor, by: Deadline(after: duration?.duration), begun: view.showBegin,
        waiting: view.showWaiting, show: view.showMoment)
    } catch {
      if path == "-", error.isBrokenPipe { return }
      // A named pipe that no program reads yet.
      if error.errno == EINTR { throw program.fail(.interrupted) }
      throw program.fail(uncapturable: path, error)
    }
    view.showSummary(moment)
    if let error = moment.file.error, !(path == "-" && error.isBrokenPipe) {
      throw program.fail(uncapturable: moment.file.path, error)
    }
    if let failure { throw program.fail(failure.error, of: failure.binding) }
  }

  /// Opens an interface in a session of its own.
  private func source(
    _ place: Int, _ entry: BindingEntry, _ selection: CaptureSelection, _ program: Program,
    _ monitor: Connection
  ) throws -> CaptureSource {
    let own = OwnRights(entry)
    let wanted = etherTypes.isEmpty ? own.etherTypes : EtherTypeSet(etherTypes.map(\.value))
    let connection = try program.attempt { () throws(ClientError) in
      try Connection(path: program.socketPath, interruption: monitor.interruption)
    }
    let isOutgoing = direction.map { $0 != .inbound } ?? own.mayReadOutgoing
    let open = try program.open(
      .name(entry.name), connection,
      // No right to read: the daemon reports why.
      etherTypes: wanted.isEmpty ? EtherTypeSet([EtherTypeSet.anyValue]) : wanted,
      flags: isOutgoing ? .outgoing : [])
    let hearing = hearing.forCapture(own)
    let refused = try program.attempt { () throws(ClientError) in try hearing.set(on: open) }
    program.explainSilence(of: open, refused)
    if refused.isEmpty, hearing.hearsKnownGroups(of: open) {
      program.output.hint(
        "\(entry.name.printableName): your rule has no right set-oid, so of groups those of the protocols that "
          + "ndisprotctl knows are heard. Name others with --group")
    }
    let resuming =
      reconnect
      ? ResumingBinding(
        open, path: program.socketPath, timeout: nil,
        prepare: { (open) throws(ClientError) in try hearing.set(on: open) }) : nil
    return CaptureSource(
      place, open, entry.captureInterface(open, snap), format, selection, resuming: resuming)
  }
}

extension SystemError {
  /// Whether the reader of a pipe is gone.
  var isBrokenPipe: Bool { errno == EPIPE }
}

extension BindingEntry {
  /// The interface as described in a file.
  func captureInterface(_ open: OpenBinding, _ snapLength: Int?) -> CaptureInterface {
    // In units of 100 bits per second; 0 if the link does not report its speed.
    let speed = (try? open.query(.linkSpeed))?.prefix(4).reversed().reduce(UInt64(0)) {
      $0 << 8 | UInt64($1)
    }
    var interface = CaptureInterface(
      name: name,
      snapLength: UInt32(clamping: snapLength ?? CaptureInterface.maximumFrameByteCount))
    interface.description = description
    interface.address = address
    interface.speed = (speed ?? 0) &* 100
    return interface
  }
}
