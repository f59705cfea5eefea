import Glibc
import NdisprotClient
import Testing

@testable import VirtualAdapter
@testable import ndisprotctl

@Suite("Doctor's rows of run")
struct DoctorAdapterTests {
  private func row(
    _ obstacle: AdapterError?, tap: SystemError? = nil, _ files: [String: String] = [:]
  ) -> Finding {
    let probe = AdapterProbe(obstacle: obstacle, tapObstacle: tap)
    return HostChecks.adapter(probe, isRoot: false) { files[$0] }
  }

  private static let refused = AdapterError.step(
    .namespaces, SystemError(errno: EPERM, call: "unshare"))

  @Test("a machine with namespaces and a tun device is fine")
  func fine() {
    #expect(row(nil).remedy == nil)
  }

  @Test("without a tun device run works, and the row says how to have one")
  func withoutDevice() {
    let row = row(nil, tap: SystemError(errno: EACCES, call: "open"))
    #expect(row.remedy == nil)
    #expect(row.text.contains("veth") && row.text.contains("chmod 666 /dev/net/tun"))
  }

  @Test("namespaces that are counted down to none are named with the sysctl")
  func exhausted() {
    let row = row(
      .step(.namespaces, SystemError(errno: ENOSPC, call: "unshare")),
      files(["user/max_user_namespaces": "0\n"]))
    #expect(row.text.contains("user.max_user_namespaces is 0"))
    #expect(row.remedy?.contains("sysctl user.max_user_namespaces=") == true)
  }

  @Test("a container's seccomp filter is named")
  func filtered() {
    let row = row(Self.refused, ["/proc/self/status": "Name:\tx\nSeccomp:\t2\n"])
    #expect(row.text.contains("seccomp filter"))
    #expect(row.remedy?.contains("unshare(2)") == true)
  }

  @Test("what nothing explains is said as the kernel says it")
  func unexplained() {
    let row = row(Self.refused, ["/proc/self/status": "Seccomp:\t0\n"])
    #expect(row.text.contains("unshare: Operation not permitted"))
    #expect(row.remedy != nil)
  }

  @Test(
    "settings that bind users and not root are named to users",
    arguments: [
      ("kernel/unprivileged_userns_clone", "0\n", "sysctl kernel.unprivileged_userns_clone=1"),
      ("kernel/apparmor_restrict_unprivileged_userns", "1\n", "apparmor_parser"),
    ])
  func forUsers(name: String, value: String, remedy: String) {
    #expect(row(Self.refused, files([name: value])).remedy?.contains(remedy) == true)
  }

  private func files(_ settings: [String: String]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: settings.map { ("/proc/sys/" + $0.key, $0.value) })
  }
}
