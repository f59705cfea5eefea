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
    guard let own = link("/proc/self/ns/net") else { return "/proc is not mounted" }
    let host = link("/proc/1/ns/net")
    // Without the right to look at process 1, being mapped to root tells a namespace of ours.
    if host == own || (host == nil && getuid() != 0) {
      return "this is the host's network namespace: run under unshare -nm or unshare -rnm"
    }
    guard (try? Command.run("ip link add probe0 type veth peer name probe1")) != nil,
      (try? Command.run("ip link delete probe0")) != nil
    else { return "ip link cannot make a veth pair here" }
    return nil
  }()

  private static func link(_ path: String) -> String? {
    var target = [CChar](repeating: 0, count: 256)
    let count = readlink(path, &target, target.count - 1)
    guard count > 0 else { return nil }
    return String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
