internal import NdisprotClient
internal import Platform

/// One run of a subcommand: the connection it needs, and how its failures are reported.
final class Program {
  let output: Output
  let socketPath: String
  private let what: String
  private let operation: Operation
  private let binding: String

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - global: the socket, and whether to print JSON
  ///   - what: the action for messages about a failure, as a verb and its object
  ///   - operation: the same for scripts
  ///   - binding: the binding concerned
  convenience init(
    _ global: GlobalOptions, _ what: String, _ operation: Operation, binding: String = ""
  ) {
    self.init(
      socketPath: global.socketPath, isJSON: global.json, color: global.color ?? .auto, what,
      operation, binding: binding)
  }

  /// The same for a program without global options.
  init(
    socketPath: String, isJSON: Bool = false, color: Terminal.ColorChoice = .auto, _ what: String,
    _ operation: Operation, binding: String = ""
  ) {
    output = Output(isJSON: isJSON, color: color)
    self.socketPath = socketPath
    self.what = what
    self.operation = operation
    self.binding = binding
  }

  private var context: Output.Context {
    Output.Context(
      what: what, socketPath: socketPath, binding: binding, operation: operation)
  }

  /// Does something that may fail; a failure is reported, and only its exit code is passed on.
  func attempt<Value>(_ body: () throws(ClientError) -> Value) throws(Failure) -> Value {
    do throws(ClientError) {
      return try body()
    } catch {
      throw fail(error)
    }
  }

  /// The message for an error.
  func message(_ error: ClientError) -> String { Output.message(for: error, looking(error)) }

  /// The cause of an error and what to do about it.
  func words(_ error: ClientError) -> (cause: String, remedy: String) {
    Output.words(for: error, looking(error))
  }

  /// The cause and the remedy for a service that does not run.
  func words(
    sleeping service: ServiceUnit, _ socket: ServiceUnit
  ) -> (cause: String, remedy: String) {
    Output.words(sleeping: service, socket, context)
  }

  /// The context, with what this machine shows about a daemon that cannot be reached, or about an
  /// interface that the daemon does not list.
  private func looking(_ error: ClientError) -> Output.Context {
    var context = context
    if case .cannotReach(let path, let cause) = error {
      context.unreachable = Unreachable(path: path, cause)
    }
    if error.status == .adapterNotFound { context.localInterface = LocalInterface(binding) }
    return context
  }

  /// Reports an error; with several bindings, of the one it concerns.
  func fail(
    _ error: ClientError, of binding: String? = nil, present: [String]? = nil
  ) -> Failure {
    var context = looking(error)
    if let binding { context.binding = binding }
    context.present = present
    return output.report(error, context)
  }

  /// Reports a failure that does not come from the client library.
  func fail(_ cause: String, _ remedy: String, name: String) -> Failure {
    output.report(cause, remedy, name: name, context)
  }

  /// Ends a subcommand with its summary, and with a failure if there was one.
  ///
  /// People read the failure last; of lines in JSON the summary is the last one, as
  /// `ndisprotd.docc/CommandLine.md` has it.
  func end(summary: () -> Void, failure: () -> Failure?) throws(Failure) {
    let reported = output.isJSON ? failure() : nil
    summary()
    if let failure = output.isJSON ? reported : failure() { throw failure }
  }

  /// Reports frames that were not sent: of options, or of a file, which has other remedies.
  func fail(_ report: WriteReport, ofFile: Bool = false) -> Failure {
    output.report(report, ofFile: ofFile, context)
  }

  /// Reports a file that could not be written.
  func fail(unwritable path: String, _ error: SystemError, _ remedy: String) -> Failure {
    output.report(unwritable: path, error, remedy, context)
  }

  /// Reports that the service does not run.
  func fail(sleeping service: ServiceUnit, _ socket: ServiceUnit) -> Failure {
    output.report(sleeping: service, socket, context)
  }

  /// Connects; SIGINT and SIGTERM end the waits of the connection from now on.
  ///
  /// If the command has a `--timeout`, requests of the connection do not wait beyond its deadline,
  /// until `latest` is changed.
  func connect(by deadline: Deadline = .never) throws(Failure) -> Connection {
    do throws(ClientError) {
      return try newConnection(by: deadline)
    } catch {
      // systemd keeps the socket of a failing service open, and hangs up.
      if error == .daemonGone, let units = ServiceUnit.serving(socketPath), !units.service.isAlive {
        throw fail(sleeping: units.service, units.socket)
      }
      throw fail(error)
    }
  }

  /// As `connect`, for callers that report the failure themselves.
  func newConnection(by deadline: Deadline = .never) throws(ClientError) -> Connection {
    let interruption = try CancellationToken()
    Signals.interrupt(interruption)
    do throws(ClientError) {
      let connection = try Connection(
        path: socketPath, interruption: interruption, timeout: deadline.connectTimeout)
      connection.latest = deadline
      return connection
    } catch {
      // A daemon with a full queue of connections lets them wait.
      throw deadline.isPast ? .timedOut(.connect) : error
    }
  }

  /// The entry of a binding; if it does not exist, the report lists those that do.
  func entry(
    _ binding: BindingArgument, _ connection: Connection
  ) throws(Failure) -> BindingEntry {
    let entries = try attempt { () throws(ClientError) in try connection.bindings() }
    let found = entries.first { entry in
      switch binding {
      case .name(let name): entry.isNamed(name)
      case .index(let index): entry.interfaceIndex == index
      }
    }
    guard let found else {
      throw fail(.refused(.adapterNotFound, operation), present: entries.map(\.name))
    }
    return found
  }

  /// Opens a binding.
  func open(
    _ binding: BindingArgument, _ connection: Connection, etherTypes: EtherTypeSet,
    mode: OpenRequest.Mode = .shared, flags: OpenRequest.Flags = [],
    priority: UInt8 = 0, purpose: String = ""
  ) throws(Failure) -> OpenBinding {
    let name: String
    switch binding {
    case .name(let given): name = given
    case .index: name = try entry(binding, connection).name
    }
    do throws(ClientError) {
      return try connection.open(
        name, etherTypes: etherTypes, mode: mode, flags: flags, priority: priority,
        purpose: purpose)
    } catch {
      guard error.status == .adapterNotFound else { throw fail(error) }
      throw fail(error, present: (try? connection.bindings())?.map(\.name))
    }
  }
}

extension Deadline {
  /// How long connecting may take: the time left, up to the limit for every connection.
  var connectTimeout: Duration {
    min(remaining ?? Connection.defaultTimeout, Connection.defaultTimeout)
  }
}
