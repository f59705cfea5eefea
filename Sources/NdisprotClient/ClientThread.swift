internal import Platform

/// A thread of the library's own, which ends when its work does.
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
