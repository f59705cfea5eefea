internal import ArgumentParser
internal import CLinux
internal import Glibc
internal import Logging
internal import Miniport
internal import NDIS
internal import Ndisprot
internal import NdisprotConfiguration
internal import NdisprotServer
internal import Platform

/// Exit codes of `ndisprotd.docc/CommandLine.md`, from sysexits.h.
enum ExitStatus {
  static let usage: Int32 = 64
  static let configuration: Int32 = 65
  static let unavailable: Int32 = 69
  static let software: Int32 = 70
  static let cannotCreate: Int32 = 73
  static let noPermission: Int32 = 77
  /// Errors that a restart does not fix, `RestartPreventExitStatus=` of the unit.
  static let lasting: Set<Int32> = [usage, unavailable, cannotCreate, noPermission]
}

/// Runs the daemon until a signal ends it.
///
/// - Thread: main, before any other is created
/// - Returns: the exit code
func runDaemon(_ options: DaemonOptions) -> Int32 {
  let audit = AuditStream(startLogging())
  var logger = Logger(label: "ndisprotd")
  logger.logLevel = (options.logLevel ?? .info).level
  if options.checkConfig { return checkConfiguration(options, logger) }
  blockSignals()
  raiseDescriptorLimit()
  let manager = ServiceManager()
  let reloads = ReloadWatch(manager)
  guard Capabilities.effective.contains(.netRaw) else {
    return giveUp(ErrorMessages.noCapability, ExitStatus.noPermission, logger, manager)
  }
  do {
    let directory = AccountDirectory()
    let loader = ConfigurationLoader(options, logger, directory)
    let start = try startConfiguration(options, loader)
    let listener = try listeningSocket(options)
    let memory = MemoryLock()
    if let priority = start.highestPriority { allowPriority(priority) }
    try dropPrivileges(
      options, as: try options.account(directory), start.locksMemory(options) ? memory : nil, logger
    )
    let configuration = start.server(loader)
    if let failure = configuration.failure {
      logger.record(LogRecord(.error, ErrorMessages.broken(failure), .failed))
      reloads.startsBroken(failure)
    }
    let log = logger
    let helpers = CaptureHelpers()
    var environment = ServerEnvironment(
      makeMiniport: { PcapMiniport($0, loop: $1, helpers: helpers, starter: $2) },
      startWatch: { (loop, driver) throws(SystemError) in
        try InterfaceWatch(loop: loop, driver: driver)
      },
      makeAdapterControl: { () throws(SystemError) in try CardControl() },
      log: { log.record($0) },
      audit: audit.write,
      loadConfiguration: nil,
      findUser: { (name) throws(SystemError) in
        try directory.credentials(name, within: AccountDirectory.patienceMilliseconds)
      },
      identity: identity(listener, manager, memory),
      reloading: reloads.note)
    if options.interfaces.isEmpty {
      environment.loadConfiguration = { () throws(ConfigurationRefusal) in
        try loader.reload(memory)
      }
      environment.refreshAccounts = loader.refreshed
      environment.watchAccounts = loader.accountWatch.start
    }
    let server = try Server(
      configuration: configuration, environment: environment, listener: listener.descriptor)
    return try serve(server, options, logger, listener, manager, reloads)
  } catch {
    let (text, code) = sentence(for: error)
    return giveUp(text, code, logger, manager)
  }
}

/// Why the daemon cannot start, with the exit code.
private func sentence(for error: any Error) -> (text: String, code: Int32) {
  switch error {
  case let error as AccountError: (error.description, ExitStatus.usage)
  case let error as ListenError: (ErrorMessages.cannotListen(error), ExitStatus.cannotCreate)
  case ServerError.system(let cause): (ErrorMessages.cannotStart(cause), ExitStatus.software)
  case let error as PrivilegeError: (ErrorMessages.cannotDrop(error.cause), ExitStatus.noPermission)
  default: ("the daemon cannot start: \(error)", ExitStatus.software)
  }
}

/// Reports why the daemon ends: to the log, and as its status to the service manager.
private func giveUp(
  _ text: String, _ code: Int32, _ logger: Logger, _ manager: ServiceManager?
) -> Int32 {
  logger.record(LogRecord(.error, text, .failed))
  manager?.status(text)
  return code
}

/// What the daemon reports about itself.
private func identity(
  _ listener: Listener, _ manager: ServiceManager?, _ memory: MemoryLock
) -> DaemonIdentity {
  DaemonIdentity(
    version: Build.version, socketPath: listener.path,
    isSocketInherited: !listener.isOwn, isService: manager != nil,
    watchdogNanoseconds: manager?.watchdogNanoseconds ?? 0, isMemoryLocked: { memory.isHeld })
}

private func serve(
  _ server: Server, _ options: DaemonOptions, _ logger: Logger, _ listener: Listener,
  _ manager: ServiceManager?, _ reloads: ReloadWatch
) throws -> Int32 {
  guard let report = try server.start(isCancelled: isStopPending) else {
    logger.record(LogRecord(.info, "stopping: a signal came before clients were served", .stopping))
    _ = server.stop()
    listener.remove()
    return 0
  }
  if !report.refusals.isEmpty, !options.interfaces.isEmpty {
    _ = server.stop()
    listener.remove()
    return ExitStatus.unavailable
  }
  for name in options.interfaceNames where !server.isBound(name) {
    logger.info("waiting for \(name): there is no such interface yet")
  }
  let bindings = report.boundNames.map(\.description).joined(separator: ", ")
  logger.record(
    LogRecord(
      .info, "ready: socket \(listener.path), bound \(bindings.isEmpty ? "nothing" : bindings)",
      .ready))
  var supervision = MainThreadLoop(
    server, manager, logger, wantedNames: options.interfaceNames, reloads)
  let signal = supervision.run()
  logger.record(LogRecord(.info, "stopping: signal \(signal)", .stopping))
  let leftover = server.stop()
  listener.remove()
  guard let leftover else {
    logger.info("stopped: every request is complete, no object is left")
    return 0
  }
  logger.record(LogRecord(.error, "not everything ended: \(leftover)", .failed))
  // Memory that a thread may still use must not be freed (WK-5).
  _exit(ExitStatus.software)
}

/// The process still has root's rights.
private struct PrivilegeError: Error {
  let cause: SystemError
}

/// Keeps CAP_NET_RAW, what the service manager granted on purpose, and what the options require.
private func dropPrivileges(
  _ options: DaemonOptions, as account: Credentials?, _ memory: MemoryLock?, _ logger: Logger
) throws(PrivilegeError) {
  var kept = Capabilities.given.union(.netRaw)
  if options.netAdmin { kept.insert(.netAdmin) }
  if let memory {
    do throws(SystemError) {
      kept.formUnion(try memory.lock())
    } catch {
      logger.warning("\(ErrorMessages.cannotLock(error))")
    }
  }
  do throws(SystemError) {
    try keepOnly(kept, as: account)
  } catch {
    throw PrivilegeError(cause: error)
  }
}
