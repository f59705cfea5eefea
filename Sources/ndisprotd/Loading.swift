internal import Logging
internal import NdisprotConfiguration
internal import NdisprotServer

// What the daemon is to do, from its command line or its files.

/// What is known before the rights of root are given up.
enum StartConfiguration {
  /// `--interface` says it all.
  case commandLine(ServerConfiguration)
  /// The files were read; their accounts are looked up by a thread without root's rights.
  case files(DaemonConfiguration)
  /// The files cannot be used: the daemon serves to say why, and takes repaired ones.
  case broken(ConfigurationError)
}

/// Reads what the command line and the files say.
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
  /// Whether the daemon's memory is to stay resident.
  func locksMemory(_ options: DaemonOptions) -> Bool {
    if case .files(let loaded) = self, loaded.locksMemory { return true }
    return options.lockMemory
  }

  /// What the server is to do.
  func server(_ loader: ConfigurationLoader) -> ServerConfiguration {
    switch self {
    case .commandLine(let configuration): configuration
    case .files(let loaded): loader.resolve(loaded)
    case .broken(let error): loader.failure(error)
    }
  }
}

extension ConfigurationLoader {
  /// Reads the files again, at a reload; whether memory stays resident follows them, as from the start.
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
