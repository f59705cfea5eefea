internal import Glibc
internal import Platform

/// Watches the users and groups of the machine, so that rules follow them.
///
/// The kernel watches local files. A directory service reports no changes: while a rule waits for
/// an account, it is queried again, at growing intervals.
///
/// - Thread: control's loop, except `lookAgain`
/// - Source: inotify(7)
final class AccountWatch: EventHandler, @unchecked Sendable {
  // Unchecked: everything except `place` belongs to the loop.
  private struct Place {
    var loop: EventLoop?
    var unresolved = ConfigurationLoader.Unresolved.nothing
  }
  private static let files: Set<String> = ["passwd", "group", "nsswitch.conf"]
  /// useradd writes several files.
  private static let settleNanoseconds: UInt64 = 500_000_000
  private static let firstDelayNanoseconds: UInt64 = 1_000_000_000
  private static let longestDelayNanoseconds: UInt64 = 60_000_000_000

  private let place = LockedValue(Place())
  private var descriptor: Int32 = -1
  private var changed: @Sendable () -> Void = {}
  private var delay = firstDelayNanoseconds
  private lazy var timer = LoopTimer { [weak self] in self?.changed() }

  /// Starts watching; `changed` is called on the loop.
  func start(_ loop: EventLoop, _ changed: @escaping @Sendable () -> Void) {
    self.changed = changed
    descriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
    // A replaced file has another inode: so the directory is watched.
    let events = UInt32(IN_MOVED_TO) | UInt32(IN_CLOSE_WRITE)
    if descriptor >= 0, unsafe inotify_add_watch(descriptor, "/etc", events) >= 0 {
      // If this fails, missing accounts are still queried again.
      _ = try? loop.register(descriptor, .read, self)
    }
    let unresolved = place.withLock { place in
      place.loop = loop
      return place.unresolved
    }
    arm(unresolved, loop)
  }

  /// Accounts were looked up: some may need another lookup.
  ///
  /// - Thread: any
  func lookAgain(_ unresolved: ConfigurationLoader.Unresolved) {
    let loop = place.withLock { place in
      place.unresolved = unresolved
      return place.loop
    }
    _ = loop?.post { [weak self] in
      guard let self, let loop else { return }
      arm(unresolved, loop)
    }
  }

  private func arm(_ unresolved: ConfigurationLoader.Unresolved, _ loop: EventLoop) {
    switch unresolved {
    case .nothing:
      delay = AccountWatch.firstDelayNanoseconds
      loop.disarm(timer)
    case .absent: loop.arm(timer, afterNanoseconds: AccountWatch.longestDelayNanoseconds)
    case .unanswered:
      loop.arm(timer, afterNanoseconds: delay)
      delay = min(2 * delay, AccountWatch.longestDelayNanoseconds)
    }
  }

  func ready(_ events: Interest) {
    guard let loop = place.withLock({ $0.loop }), hasNews() else { return }
    loop.arm(timer, afterNanoseconds: AccountWatch.settleNanoseconds)
  }

  /// Reads the kernel's events; returns whether they concern accounts.
  private func hasNews() -> Bool {
    var isAboutAccounts = false
    var bytes = [UInt8](repeating: 0, count: 4_096)
    while true {
      let count = unsafe read(descriptor, &bytes, bytes.count)
      guard count > 0 else { return isAboutAccounts }
      // Each event: wd, mask, cookie, length of the name, name; u32 each, the name padded.
      var rest = bytes[..<count]
      while rest.count >= 16 {
        let length = rest.dropFirst(12).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        let name = rest.dropFirst(16).prefix(length).prefix { $0 != 0 }
        if AccountWatch.files.contains(String(decoding: name, as: UTF8.self)) {
          isAboutAccounts = true
        }
        rest = rest.dropFirst(16 + length)
      }
    }
  }
}
