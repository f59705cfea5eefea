internal import NdisprotClient

/// The requests of the sample's test program in its order, with its output lines.
///
/// - Source: `ndisprotctl.docc/Prottest.md` section 2, rules T-7…T-16
struct ProttestRun {
  private let program: Program

  init(_ program: Program) { self.program = program }

  func run(_ options: ProttestCommand, _ name: String) throws {
    let connection = try step("Failed to open \(program.socketPath)") { () throws(ClientError) in
      let connection = try program.newConnection()
      try connection.bindWait()
      return connection
    }
    guard !options.enumerates else { return try enumerate(connection) }
    let binding = try step("Failed to access \(name)") { () throws(ClientError) in
      options.compat
        ? try connection.open(
          name, etherTypes: .eapol, mode: .exclusive, flags: .compat, wait: .milliseconds(4_500))
        : try connection.openDevice(name)
    }
    let address = try step("Failed to obtain local MAC address") { () throws(ClientError) in
      let octets = try binding.query(.currentAddress)
      guard let address = unsafe MACAddress(octets.span.bytes) else {
        throw .protocolViolation(.malformedReply(opcode: Opcode.deviceControl.rawValue))
      }
      return address
    }
    var failure: ClientError?
    if options.direction == .write {
      let frame = FrameTemplate.bytes(
        destination: options.destination?.address ?? address,
        source: options.isFake ? .zero : address,
        etherType: 0x888E, byteCount: options.length)
      failure = write(frame, options.count, binding)
    }
    // The sample reads even if it could not write (rule T-11).
    if let error = read(options, binding) { failure = failure ?? error }
    if let failure { throw program.fail(failure) }
  }

  /// Does one step; a failure is reported in the sample's words, then in ours.
  private func step<Value>(
    _ line: String, _ body: () throws(ClientError) -> Value
  ) throws(Failure) -> Value {
    do throws(ClientError) {
      return try body()
    } catch {
      printLine(line)
      throw program.fail(error)
    }
  }

  /// The device names, in bind order (rule T-8).
  private func enumerate(_ connection: Connection) throws {
    do throws(ClientError) {
      var index: UInt32 = 0
      while let entry = try connection.queryBinding(index) {
        let number = String(entry.index)
        let padding = String(repeating: " ", count: max(0, 2 - number.count))
        printLine("\(padding)\(number). \(entry.name.printableName)")
        printLine("     - \(entry.description.printable())")
        index += 1
      }
    } catch {
      printLine("EnumerateDevices: terminated abnormally, error \(error.code)")
      throw program.fail(error)
    }
  }

  /// Writes one frame repeatedly, each in a request of its own (rules T-11 and T-12).
  private func write(
    _ frame: [UInt8], _ count: UInt64, _ binding: OpenBinding
  ) -> ClientError? {
    var sent: UInt64 = 0
    var failure: ClientError?
    do throws(ClientError) {
      while sent < count {
        try unsafe binding.write(frame.span.bytes)
        sent += 1
      }
    } catch {
      failure = noted(error, "DoWriteProc: WriteFile failed on Handle \(binding.handleText)")
    }
    printLine("DoWriteProc: finished sending \(sent) packets of \(frame.count) bytes each")
    return failure
  }

  /// Reads frame by frame (rule T-10).
  private func read(_ options: ProttestCommand, _ binding: OpenBinding) -> ClientError? {
    var count: UInt64 = 0
    var failure: ClientError?
    do throws(ClientError) {
      while count < options.count {
        _ = try binding.read(byteLimit: options.length)
        count += 1
      }
    } catch {
      failure = noted(
        error,
        "DoReadProc: ReadFile failed on Handle \(binding.handleText), error "
          + String(UInt32(bitPattern: error.code), radix: 16))
    }
    printLine("DoReadProc finished: read \(count) packets")
    return failure
  }

  /// Prints the line of a failure; an interruption is not one, but the user's way to end the wait.
  private func noted(_ error: ClientError, _ line: String) -> ClientError? {
    guard error != .interrupted else { return nil }
    printLine(line)
    return error
  }

  private func printLine(_ line: String) {
    program.output.standard.writeLine(line)
    program.output.standard.flush()
  }
}

extension OpenBinding {
  /// The replacement for the sample's handle: the interface index.
  fileprivate var handleText: String {
    let digits = String(granted.interfaceIndex, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 16 - digits.count)) + digits
  }
}

extension ClientError {
  /// The replacement for the sample's GetLastError: the errno; 0 for an error without one.
  fileprivate var code: Int32 {
    switch self {
    case .refused(let status, _, _): status.errno
    case .cannotReach(_, let cause), .system(let cause): cause.errno
    default: 0
    }
  }
}
