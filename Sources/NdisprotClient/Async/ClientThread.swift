internal import Platform

/// A thread that belongs to the library, and ends with its work.
enum ClientThread {
  /// Starts `work` on a new thread.
  static func start(
    _ name: String, _ work: @escaping @Sendable () -> Void
  ) throws(ClientError) {
    do throws(SystemError) {
      try SystemThread.start(name, work)
    } catch {
      throw .system(error)
    }
  }
}
