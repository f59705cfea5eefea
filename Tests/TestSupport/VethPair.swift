import Glibc
import Synchronization

/// Two Ethernet interfaces with a wire between them; deleted in the end.
///
/// - Thread: any; names are never used twice
public final class VethPair: Sendable {
  private static let number = Atomic(0)

  /// The end that is looked at.
  public let near: String
  /// The other end, where the test plays the rest of the world.
  public let far: String

  /// Makes a pair that is up, and quiet: without IPv6.
  public init(isUp: Bool = true) throws {
    let number = Self.number.add(1, ordering: .relaxed).newValue
    near = "near\(number)"
    far = "far\(number)"
    try Command.run("ip link add \(near) type veth peer name \(far)")
    for name in [near, far] {
      Self.disableIPv6(name)
      if isUp { try Command.run("ip link set \(name) up") }
    }
    // The kernel makes the queues a moment after the flags: what is sent before that is dropped.
    if isUp { _ = eventually { isRunning(near) && isRunning(far) } }
  }

  deinit {
    if if_nametoindex(near) != 0 { try? Command.run("ip link delete \(near)") }
  }

  /// The interface index of the near end.
  public var nearIndex: Int32 { Int32(bitPattern: if_nametoindex(near)) }
  /// The interface index of the far end.
  public var farIndex: Int32 { Int32(bitPattern: if_nametoindex(far)) }

  private func isRunning(_ name: String) -> Bool {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return false }
    defer { freeifaddrs(first) }
    var next = first
    while let entry = next {
      next = entry.pointee.ifa_next
      guard String(cString: entry.pointee.ifa_name) == name else { continue }
      return entry.pointee.ifa_flags & UInt32(IFF_RUNNING) != 0
    }
    return false
  }

  /// A dozen frames of router solicitation would join in.
  private static func disableIPv6(_ name: String) {
    let descriptor = open("/proc/sys/net/ipv6/conf/\(name)/disable_ipv6", O_WRONLY)
    guard descriptor >= 0 else { return }
    _ = write(descriptor, "1", 1)
    close(descriptor)
  }
}
