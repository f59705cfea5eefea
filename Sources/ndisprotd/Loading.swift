internal import Logging
internal import NdisprotConfiguration
internal import NdisprotServer

// What the daemon is told, by its command line or its files.

/// What the daemon is to do, and whether its memory is to stay resident: what the command line says,
/// or the files of `--config`.
func configuration(
  _ options: DaemonOptions, _ source: ConfigurationSource, _ logger: Logger
) throws -> (server: ServerConfiguration, locksMemory: Bool) {
  guard options.interfaces.isEmpty else {
    return (try options.configuration(), options.lockMemory)
  }
  let loaded = try load(source, options, logger)
  return (loaded.server, options.lockMemory || loaded.locksMemory)
}

/// Reads the files anew, at a reload.
func loader(
  _ source: ConfigurationSource, _ options: DaemonOptions, _ logger: Logger
) -> ServerEnvironment.Loader {
  { () throws(ConfigurationRefusal) in
    do throws(ConfigurationError) {
      return try load(source, options, logger).server
    } catch {
      throw ConfigurationRefusal(text: error.description)
    }
  }
}

/// Reads the files of `--config`; the log follows them, unless the command line says how.
private func load(
  _ source: ConfigurationSource, _ options: DaemonOptions, _ logger: Logger
) throws(ConfigurationError) -> DaemonConfiguration {
  var loaded = try source.load()
  var logger = logger
  logger.logLevel = (options.logLevel ?? loaded.logLevel ?? .info).level
  for warning in loaded.warnings { logger.warning("\(warning)") }
  loaded.server.isVerified = options.verifier
  return loaded
}

/// `--check-config`: says what is wrong, and starts nothing.
func checkConfiguration(_ options: DaemonOptions, _ logger: Logger) -> Int32 {
  do throws(ConfigurationError) {
    let loaded = try ConfigurationSource(path: options.configurationPath).load()
    for warning in loaded.warnings { logger.warning("\(warning)") }
    return 0
  } catch {
    StandardError.write(error.description, after: "")
    return ExitStatus.configuration
  }
}
