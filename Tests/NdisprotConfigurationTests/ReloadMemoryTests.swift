import Glibc
import Ndisprot
import NdisprotServer
import Testing

@testable import NdisprotConfiguration

/// A daemon may be reloaded for years.
@Suite("Memory of reloads", .serialized)
struct ReloadMemoryTests {
  /// A file of a thousand rules, of which each has a value of every kind.
  private static func text(_ name: String = "rule") -> String {
    (0..<1_000).map { index in
      """
      [[rule]]
      name = "\(name) \(index)"
      user = "\(10_000 + index)"
      interface = "eth*"
      ethertypes = ["0x88b5", 0x88b6, "llc"]
      vlans = ["none", 5]
      rights = ["read", "write"]
      rate = { frames = 1000, bytes = "1 MiB" }
      sessions = 4

      """
    }.joined()
  }

  /// What the process has resident grows by, while something is done once the heap has room for it.
  private static func growth(_ body: () throws -> Void) rethrows -> Int {
    try body()
    let before = residentByteCount()
    try body()
    return residentByteCount() - before
  }

  private static func residentByteCount() -> Int {
    let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(descriptor, &bytes, bytes.count)
    let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: " ")
    return (words.count > 1 ? Int(words[1]) ?? 0 : 0) * Int(getpagesize())
  }

  // In processes of their own: what other tests have resident is not counted.

  @Test("a file that did not change costs nothing, however often it is read")
  func unchanged() async {
    await #expect(processExitsWith: .success) {
      let file = ConfigurationText(path: "x.toml", text: Self.text())
      var parsed = ParsedFiles()
      #expect(try DaemonConfiguration([file], &parsed).ruleCount == 1_000)
      // 20 reloads took 74 MB with a reader that freed nothing.
      let grown = try Self.growth {
        for _ in 0..<20 { _ = try DaemonConfiguration([file], &parsed) }
      }
      #expect(grown < 4 << 20)
    }
  }

  @Test("a file that changed leaves nothing of what it was")
  func changed() async {
    await #expect(processExitsWith: .success) {
      var number = 0
      // 10 reloads took 37 MB with a reader that freed nothing.
      let grown = try Self.growth {
        for _ in 0..<10 {
          number += 1
          let file = ConfigurationText(path: "x.toml", text: Self.text("rule \(number)"))
          _ = try DaemonConfiguration([file])
        }
      }
      #expect(grown < 4 << 20)
    }
  }

  @Test(
    "a file that changed is parsed, one that is gone is forgotten, one that is wrong is not kept")
  func follows() throws {
    var parsed = ParsedFiles()
    func names(_ texts: [String: String]) throws -> [String] {
      let files = texts.sorted { $0.key < $1.key }.map { path, text in
        ConfigurationText(path: path, text: text)
      }
      defer { parsed.keep(files.map(\.path)) }
      return try DaemonConfiguration(files, &parsed).resolved([:]).server.policy.rules.map(\.name)
    }
    func rule(_ name: String) -> String {
      """
      [[rule]]
      name = "\(name)"
      user = "1000"
      interface = "\(name)"
      ethertypes = ["any"]
      rights = ["read"]
      """
    }
    #expect(try names(["1": rule("a"), "2": rule("b")]) == ["a", "b"])
    #expect(try names(["1": rule("a"), "2": rule("c")]) == ["a", "c"])
    #expect(throws: ConfigurationError.self) { try names(["1": rule("a"), "2": "[["]) }
    #expect(throws: ConfigurationError.self) { try names(["1": rule("a"), "2": "[["]) }
    #expect(try names(["1": rule("a"), "2": rule("c")]) == ["a", "c"])
    #expect(try names(["2": rule("c")]) == ["c"])
    // The name is free again.
    #expect(try names(["1": rule("c")]) == ["c"])
  }
}
