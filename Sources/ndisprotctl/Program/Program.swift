internal import NdisprotClient

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
  ///   - what: what a failure is said to have failed, as a verb and its object
  ///   - operation: the same for scripts
  ///   - binding: the binding that is meant
  convenience init(
    _ global: GlobalOptions, _ what: String, _ operation: Operation, binding: String = ""
  ) {
    self.init(
      socketPath: global.socketPath, isJSON: global.json, what, operation, binding: binding)
  }

  /// The same for a program without global options.
  init(
    socketPath: String, isJSON: Bool = false, _ what: String, _ operation: Operation,
    binding: String = ""
  ) {
    output = Output(isJSON: isJSON)
    self.socketPath = socketPath
    self.what = what
    self.operation = operation
    self.binding = binding
  }

  private var context: Output.Context {
    Output.Context(
      what: what, socketPath: socketPath, binding: binding, operation: operation)
  }

  /// Does something that may fail; a failure is reported, and then only its exit code is left.
  func attempt<Value>(_ body: () throws(ClientError) -> Value) throws(Failure) -> Value {
    do throws(ClientError) {
      return try body()
    } catch {
      throw fail(error)
    }
  }

  /// What an error would be reported as.
  func message(_ error: ClientError) -> String { Output.message(for: error, context) }

  /// Reports an error.
  func fail(_ error: ClientError, present: [String]? = nil) -> Failure {
    var context = context
    context.present = present
    return output.report(error, context)
  }

  /// Reports a failure that is none of the client library.
  func fail(_ cause: String, _ remedy: String, name: String) -> Failure {
    output.report(cause, remedy, name: name, context)
  }

  /// Reports frames that were not sent.
  func fail(_ report: WriteReport) -> Failure { output.report(report, context) }

  /// Reports a file that could not be written.
  func fail(unwritable path: String, _ error: SystemError) -> Failure {
    output.report(unwritable: path, error, context)
  }

  /// Reports that the service does not run.
  func fail(sleeping service: ServiceUnit, _ socket: ServiceUnit) -> Failure {
    output.report(sleeping: service, socket, context)
  }

  /// Connects; SIGINT and SIGTERM end the waits of the connection from now on.
  func connect() throws(Failure) -> Connection {
    try attempt(newConnection)
  }

  /// As `connect`, for whoever reports the failure.
  func newConnection() throws(ClientError) -> Connection {
    let interruption = try Interruption()
    Signals.interrupt(interruption)
    return try Connection(path: socketPath, interruption: interruption)
  }

  /// The row of a binding; one that is not there is reported with those that are.
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
    mode: OpenRequest.Mode = .shared, flags: OpenRequest.Flags = []
  ) throws(Failure) -> OpenBinding {
    let name: String
    switch binding {
    case .name(let given): name = given
    case .index: name = try entry(binding, connection).name
    }
    do throws(ClientError) {
      return try connection.open(name, etherTypes: etherTypes, mode: mode, flags: flags)
    } catch {
      guard error.status == .adapterNotFound else { throw fail(error) }
      throw fail(error, present: (try? connection.bindings())?.map(\.name))
    }
  }
}
