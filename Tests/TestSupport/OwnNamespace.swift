import Glibc

/// Whether the tests may make interfaces: only in a network namespace of their own.
///
/// `unshare -nm` as root, `unshare -rnm` otherwise; `scripts/test` does that.
public enum OwnNamespace {
  /// Whether this process is in such a namespace.
  public static let isHere = whyNot == nil
  /// For people: why the tests that need one are skipped.
  public static let reason = whyNot ?? "it is there"

  private static let whyNot: String? = {
    let used = namesOfInterfacesInUse()
    guard used.isEmpty else {
      return "\(used) are in use in this network namespace: run under unshare -nm or unshare -rnm"
    }
    guard (try? Command.run("ip link add probe0 type veth peer name probe1")) != nil,
      (try? Command.run("ip link delete probe0")) != nil
    else { return "ip link cannot make a veth pair here" }
    return nil
  }()

  /// Interfaces that are up, but for the loopback: a namespace that was made for tests has none.
  private static func namesOfInterfacesInUse() -> Set<String> {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { return ["?"] }
    defer { freeifaddrs(first) }
    var names: Set<String> = []
    var entry = first
    while let interface = entry {
      let flags = Int32(truncatingIfNeeded: interface.pointee.ifa_flags)
      if flags & Int32(IFF_UP) != 0, flags & Int32(IFF_LOOPBACK) == 0 {
        names.insert(String(cString: interface.pointee.ifa_name))
      }
      entry = interface.pointee.ifa_next
    }
    return names
  }
}
