internal import CLinux
internal import EventLoop
internal import Glibc
internal import Logging
internal import Miniport
internal import NDIS
internal import NdisprotServer

/// Exit codes of `spec/cli.md`, from sysexits.h.
enum ExitStatus {
  static let usage: Int32 = 64
  static let configuration: Int32 = 65
  static let unavailable: Int32 = 69
  static let software: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let noPermission: Int32 = 77
}

/// Runs the daemon until a signal ends it.
///
/// - Thread: main, before any other is made
/// - Returns: the exit code
func runDaemon(_ options: DaemonOptions) -> Int32 {
  startLogging()
  var logger = Logger(label: "ndisprotd")
  logger.logLevel = (options.logLevel ?? .info).level
  if options.checkConfig { return checkConfiguration(options, logger) }
  blockSignals()
  guard Capabilities.effective.contains(.netRaw) else {
    logger.error("\(Sentences.noCapability)")
    return ExitStatus.noPermission
  }
  do {
    let configuration = try configuration(options, &logger)
    let listener = try listeningSocket(options)
    try dropPrivileges(options, logger)
    let log = logger
    let server = try Server(
      configuration: configuration,
      environment: ServerEnvironment(
        makeMiniport: { PcapMiniport($0, loop: $1) },
        startWatch: { (loop, driver) throws(SystemError) in
          try InterfaceWatch(loop: loop, driver: driver)
        },
        makeAdapterControl: { () throws(SystemError) in try CardControl() },
        log: { log.record($0) },
        audit: { log.info("\($0.line)") },
        loadConfiguration: options.interfaces.isEmpty ? loader(options, logger) : nil,
        findUser: Accounts.credentials),
      listener: listener.descriptor)
    return try serve(server, options, logger, listener)
  } catch let error as AccountError {
    logger.error("\(Sentences.unknownAccount(error))")
    return ExitStatus.usage
  } catch let error as ConfigurationError {
    logger.error("\(error)")
    return ExitStatus.configuration
  } catch let error as ListenError {
    logger.error("\(Sentences.cannotListen(error))")
    return ExitStatus.cannotCreate
  } catch let error as PrivilegeError {
    logger.error("\(Sentences.cannotDrop(error.cause))")
    return ExitStatus.noPermission
  } catch {
    logger.error("the daemon cannot start: \(error)")
    return ExitStatus.software
  }
}

/// What the daemon is to do: what the command line says, or the files of `--config`.
private func configuration(
  _ options: DaemonOptions, _ logger: inout Logger
) throws -> ServerConfiguration {
  guard options.interfaces.isEmpty else { return try options.configuration() }
  let loaded = try DaemonConfiguration.load(options.configurationPath)
  if let level = loaded.logLevel, options.logLevel == nil { logger.logLevel = level.level }
  for warning in loaded.warnings { logger.warning("\(warning)") }
  var server = loaded.server
  server.isVerified = options.verifier
  return server
}

/// Reads the files anew, at a reload.
private func loader(_ options: DaemonOptions, _ logger: Logger) -> ServerEnvironment.Loader {
  { () throws(ConfigurationRefusal) in
    do throws(ConfigurationError) {
      let loaded = try DaemonConfiguration.load(options.configurationPath)
      for warning in loaded.warnings { logger.warning("\(warning)") }
      var server = loaded.server
      server.isVerified = options.verifier
      return server
    } catch {
      throw ConfigurationRefusal(text: error.description)
    }
  }
}

/// `--check-config`: says what is wrong, and starts nothing.
private func checkConfiguration(_ options: DaemonOptions, _ logger: Logger) -> Int32 {
  do throws(ConfigurationError) {
    let loaded = try DaemonConfiguration.load(options.configurationPath)
    for warning in loaded.warnings { logger.warning("\(warning)") }
    return 0
  } catch {
    StandardError.write(error.description, after: "")
    return ExitStatus.configuration
  }
}

private func serve(
  _ server: Server, _ options: DaemonOptions, _ logger: Logger, _ listener: Listener
) throws -> Int32 {
  let report = try server.start()
  if !report.refusals.isEmpty, !options.interfaces.isEmpty {
    _ = server.stop()
    listener.remove()
    return ExitStatus.unavailable
  }
  for name in options.interfaces where !report.boundNames.contains(name) {
    logger.info("waiting for \(name): there is no such interface yet")
  }
  let bindings = report.boundNames.joined(separator: ", ")
  logger.record(
    LogRecord(
      .info, "ready: socket \(listener.path), bound \(bindings.isEmpty ? "nothing" : bindings)",
      .ready))
  var supervision = Supervision(
    server, ServiceManager(), logger, wantedNames: options.interfaces)
  let signal = supervision.run()
  logger.record(LogRecord(.info, "stopping: signal \(signal)", .stopping))
  let leftover = server.stop()
  listener.remove()
  guard let leftover else {
    logger.info("stopped: every request is complete, no object is left")
    return 0
  }
  logger.record(LogRecord(.error, "not everything ended: \(leftover)", .failed))
  // Memory that a thread may still use is not freed under it (WK-5).
  _exit(ExitStatus.software)
}

/// The rights of root are still there.
private struct PrivilegeError: Error {
  let cause: SystemError
}

/// Keeps CAP_NET_RAW, what the service manager gave on purpose, and what the options ask for.
private func dropPrivileges(_ options: DaemonOptions, _ logger: Logger) throws(PrivilegeError) {
  var kept = Capabilities.given.union(.netRaw)
  if options.netAdmin { kept.insert(.netAdmin) }
  if options.lockMemory {
    do throws(SystemError) {
      kept.formUnion(try lockMemory())
    } catch {
      logger.warning("\(Sentences.cannotLock(error))")
    }
  }
  do throws(SystemError) { try keepOnly(kept) } catch { throw PrivilegeError(cause: error) }
}

extension ProfileArgument {
  var value: CaptureProfile { self == .latency ? .latency : .throughput }
}

extension LogLevelArgument {
  var level: Logger.Level {
    switch self {
    case .debug: .debug
    case .info: .info
    case .warning: .warning
    case .error: .error
    }
  }
}
