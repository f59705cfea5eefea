internal import Logging
internal import NdisprotConfiguration
internal import NdisprotServer

// What the daemon is to do, from its command line or its files.

/// The configuration before root's rights are dropped.
enum StartConfiguration {
  /// `--interface` is the whole configuration.
  case commandLine(ServerConfiguration)
  /// The files were read; a thread without root's rights looks their accounts up.
  case files(DaemonConfiguration)
  /// The files are unusable: the daemon runs to report why, and applies repaired ones.
  case broken(ConfigurationError)
}

/// Reads the command line and the files.
func startConfiguration(
  _ options: DaemonOptions, _ loader: ConfigurationLoader
) throws(AccountError) -> StartConfiguration {
  guard options.interfaces.isEmpty else {
    return .commandLine(try options.configuration(loader.directory))
  }
  do throws(ConfigurationError) {
    return .files(try loader.read())
  } catch {
    return .broken(error)
  }
}

extension StartConfiguration {
  /// Whether to lock the daemon's memory.
  func locksMemory(_ options: DaemonOptions) -> Bool {
    switch self {
    case .commandLine(let configuration): options.lockMemory || configuration.locksMemory
    case .files(let loaded): options.lockMemory || loaded.locksMemory
    case .broken: options.lockMemory
    }
  }

  /// The highest priority that a thread is to have; nil if none is to have any.
  var highestPriority: Int? {
    switch self {
    case .commandLine(let configuration): configuration.highestPriority
    case .files(let loaded): loaded.highestPriority
    case .broken: nil
    }
  }

  /// The configuration of the server.
  func server(_ loader: ConfigurationLoader) -> ServerConfiguration {
    switch self {
    case .commandLine(let configuration): configuration
    case .files(let loaded): loader.resolve(loaded)
    case .broken(let error): loader.failure(error)
    }
  }
}

extension ConfigurationLoader {
  /// Reads the files at a reload; the memory lock follows them, as at the start.
  func reload(_ memory: MemoryLock) throws(ConfigurationRefusal) -> ServerConfiguration {
    do throws(ConfigurationError) {
      let loaded = try read()
      memory.follow(loaded.locksMemory || options.lockMemory, logger)
      return resolve(loaded)
    } catch {
      throw ConfigurationRefusal(error)
    }
  }
}
