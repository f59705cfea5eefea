import Glibc
import NDIS
import Ndisprot
import NdisprotServer
import Platform
import Synchronization
import Testing

@testable import NdisprotConfiguration

@Suite("Configuration")
struct ConfigurationTests {
  /// A directory with files, gone at the end.
  private struct Folder: ~Copyable {
    let path: String

    init() throws {
      var name = Array("/tmp/ndisprot-config-XXXXXX".utf8CString)
      try #require(mkdtemp(&name) != nil)
      path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    @discardableResult
    func write(_ text: String, _ name: String = "ndisprotd.toml", mode: mode_t = 0o644) -> String {
      let file = "\(path)/\(name)"
      let bytes = Array(text.utf8)
      let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
      _ = Glibc.write(descriptor, bytes, bytes.count)
      close(descriptor)
      chmod(file, mode)
      return file
    }

    deinit {
      for name in ["ndisprotd.toml"] + ["1", "2", "60-x", "x"].map({ "conf.d/\($0).toml" }) {
        unlink("\(path)/\(name)")
      }
      rmdir("\(path)/conf.d")
      rmdir(path)
    }
  }

  private static let rule = """
    [[rule]]
    name = "a"
    user = "1000"
    interface = "np*"
    ethertypes = ["0x88b5", 0x88b6, "llc"]
    rights = ["read", "any-source"]

    """

  private func problem(_ text: String, mode: mode_t = 0o644) throws -> String {
    let folder = try Folder()
    let path = folder.write(text, mode: mode)
    do throws(ConfigurationError) {
      _ = try ConfigurationSource(path: path).load()
      return ""
    } catch {
      let line = error.description
      return line.hasPrefix(path) ? String(line.dropFirst(path.count)) : line
    }
  }

  @Test("the example of all keys that is shipped loads without a warning")
  func example() throws {
    let file = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let folder = try Folder()
    let descriptor = open("/\(file)/Config/examples/all-keys.toml", O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(descriptor, &bytes, bytes.count)
    close(descriptor)
    let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    let (server, warnings) = loaded.resolvedHere()
    #expect(warnings.isEmpty)
    #expect(server.bindings.count == 1)
    let rule = try #require(server.policy.rules.first)
    #expect(rule.name == "supplicants")
    #expect(rule.rights == [.read, .write, .setOID, .exclusive])
    #expect(rule.rate == RateLimit(framesPerSecond: 1000, bytesPerSecond: 1 << 20))
    #expect(rule.quota.sessions == 4)
  }

  @Test(
    "every example that is shipped loads, and warns of nothing but its accounts",
    arguments: [
      "supplicant", "lldp", "fieldbus", "realtime", "wake-on-lan", "monitoring", "containers",
      "all-keys",
    ])
  func examples(name: String) throws {
    let file = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let text = try ConfigurationText(path: "/\(file)/Config/examples/\(name).toml").text
    let folder = try Folder()
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    let results = loaded.accounts.map { ($0, AccountResult.found(4_000)) }
    let (server, warnings) = loaded.resolved(Dictionary(uniqueKeysWithValues: results))
    #expect(warnings == [])
    #expect(server.policy.rules.count == 1 && server.bindings.count == 1)
  }

  private static let realtime = "[[binding]]\ninterface = \"a\"\nprofile = \"realtime\"\n"

  @Test(
    "lock_memory is off unless it is written, or a binding is realtime and nothing is written",
    arguments: [
      ("", false), ("[daemon]\nlock_memory = true\n", true), (realtime, true),
      (realtime + "[daemon]\nlock_memory = false\n", false),
    ])
  func lockMemory(text: String, isLocked: Bool) throws {
    let folder = try Folder()
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    #expect(loaded.locksMemory == isLocked)
    #expect(loaded.resolvedHere().server.files == ["\(folder.path)/ndisprotd.toml"])
  }

  @Test("a binding says how its thread runs, and one that does not leaves it to the kernel")
  func thread() throws {
    let folder = try Folder()
    let text =
      Self.realtime + "spin = 250\nscheduling = \"fifo:50\"\ncpus = [1, \"3\"]\n"
      + "[[binding]]\ninterface = \"b\"\nscheduling = \"fifo:7\"\n"
      + "[[binding]]\ninterface = \"c\"\n"
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    let bindings = loaded.resolvedHere().server.bindings
    #expect(bindings.map(\.profile) == [.realtime, .latency, .latency])
    #expect(
      bindings.map(\.thread) == [
        ThreadConfiguration(fifoPriority: 50, processors: [1, 3], spinMicroseconds: 250),
        ThreadConfiguration(fifoPriority: 7), ThreadConfiguration(),
      ])
    #expect(loaded.highestPriority == 50)
  }

  @Test("a binding bypasses the queueing discipline if it says so, and is then another binding")
  func bypass() throws {
    let folder = try Folder()
    let texts = ["", "bypass_qdisc = false\n", "bypass_qdisc = true\n"]
    let text = texts.map { "[[binding]]\ninterface = \"a\"\n" + $0 }.joined()
    let bindings = try ConfigurationSource(path: folder.write(text)).load().resolvedHere().server
      .bindings
    #expect(bindings.map(\.bypassesQdisc) == [false, false, true])
    #expect(bindings[0] == bindings[1] && bindings[0] != bindings[2])
  }

  @Test("files are read by the numbers of their names, the main one as 50; names are unique")
  func fragments() throws {
    let folder = try Folder()
    let path = folder.write(Self.rule)
    mkdir("\(folder.path)/conf.d", 0o755)
    folder.write(Self.rule.replacing("\"a\"", with: "\"c\""), "conf.d/2.toml")
    folder.write(Self.rule.replacing("\"a\"", with: "\"b\""), "conf.d/1.toml")
    folder.write(Self.rule.replacing("\"a\"", with: "\"d\""), "conf.d/60-x.toml")
    folder.write(Self.rule.replacing("\"a\"", with: "\"e\""), "conf.d/x.toml")
    let (server, warnings) = try ConfigurationSource(path: path).load().resolvedHere()
    #expect(server.policy.rules.map(\.name) == ["b", "c", "a", "e", "d"])
    // Nothing is bound, no rule can write with any source, and all but the first come too late.
    #expect(warnings.count == 10)
    folder.write(Self.rule, "conf.d/2.toml")
    #expect(throws: ConfigurationError.self) { try ConfigurationSource(path: path).load() }
  }

  @Test(
    "what is wrong is told with its place",
    arguments: [
      ("[daemon\n", ":1:"),
      ("[demon]\n", ":1:2: unknown key demon; did you mean daemon?"),
      ("[daemon]\nlog = 3\n", ":2:7: daemon: log: "),
      ("[daemon]\nlock_memory = 1\n", ":2:15: daemon: lock_memory: write true or false"),
      ("[daemon]\nqueue_memory = \"1 TB\"\n", ":2:16: daemon: queue_memory: "),
      ("[[binding]]\nprofile = \"latency\"\n", ":1:1: binding: interface: "),
      ("[[binding]]\ninterface = \"a\"\nring = \"1 KiB\"\n", ":3:8: binding: ring: "),
      (
        realtime + "spin = 0\n",
        ":4:8: binding: spin: write a whole number from 1 to 2500"
      ),
      (realtime + "bypass_qdisc = 1\n", ":4:16: binding: bypass_qdisc: write true or false"),
      (realtime + "spin = 2501\n", ":4:8: binding: spin: write a whole number"),
      (
        realtime.replacing("realtime", with: "latency") + "spin = 50\n",
        ":4:8: binding: spin: only a realtime binding polls"
      ),
      (
        realtime.replacing("realtime", with: "real-time"),
        ":3:11: binding: profile: write latency, throughput or realtime"
      ),
      (realtime + "scheduling = \"fifo\"\n", ":4:14: binding: scheduling: write \"fifo:N\""),
      (realtime + "scheduling = \"fifo:0\"\n", ":4:14: binding: scheduling: "),
      (realtime + "scheduling = \"fifo:100\"\n", ":4:14: binding: scheduling: "),
      (realtime + "scheduling = \"fifo:+5\"\n", ":4:14: binding: scheduling: "),
      (realtime + "scheduling = 5\n", ":4:14: binding: scheduling: it is not a text"),
      (realtime + "cpus = 1\n", ":4:8: binding: cpus: it is no list"),
      (realtime + "cpus = []\n", ":4:8: binding: cpus: write 1 to 64 of them"),
      (realtime + "cpus = [1, 1024]\n", ":4:12: binding: cpus: '1024' is no processor"),
      (realtime + "cpus = [\"all\"]\n", ":4:9: binding: cpus: 'all' is no processor"),
      ("[[binding]]\ninterface = \"np0:1\"\n", ":2:13: binding: interface: 'np0:1' cannot be"),
      ("rule = 3\n", ":1:8: rule: "),
    ])
  func places(text: String, place: String) throws {
    #expect(try problem(text).hasPrefix(place))
  }

  @Test(
    "a rule with one mistake is refused, wholly, and says which key",
    arguments: [
      ("user =", "group =", ""),
      ("user =", "owner =", "owner"),
      ("[\"0x88b5\", 0x88b6, \"llc\"]", "[\"0x8808\"]", "ethertypes"),
      ("0x88b6", "0x05ff", "ethertypes"), ("0x88b6", "65535", "ethertypes"),
      ("\"llc\"", "\"\"", "ethertypes"),
      ("\"any-source\"", "\"root\"", "rights"), ("name = \"a\"", "name = \"a\\u001b[2J\"", "name"),
      ("name = \"a\"", "vlans = [\"none\", 4095]\nname = \"a\"", "vlans"),
      ("name = \"a\"", "vlans = [\"any\", 5]\nname = \"a\"", "vlans"),
      ("name = \"a\"", "rate = {}\nname = \"a\"", "rate"),
      ("name = \"a\"", "sessions = -1\nname = \"a\"", "sessions"),
      ("name = \"a\"", "group = \"0\"\nname = \"a\"", "user"),
      ("interface = \"np*\"", "", "interface"),
      ("interface = \"np*\"", "address = \"1:2\"", "address"),
      // Fault 16: no interface can have such a name.
      ("interface = \"np*\"", "interface = \"np0:1\"", "interface"),
      ("interface = \"np*\"", "interface = \"a/*\"", "interface"),
      ("interface = \"np*\"", "interface = \"np0@np1\"", "interface"),
      ("interface = \"np*\"", "interface = \" np0\"", "interface"),
      ("interface = \"np*\"", "interface = \"..\"", "interface"),
    ])
  func mistakes(what: String, instead: String, key: String) throws {
    let found = try problem(Self.rule.replacing(what, with: instead))
    #expect(key.isEmpty ? found.isEmpty : found.contains(key), "\(found)")
    #expect(key.isEmpty || found.contains(": rule"), "\(found)")
  }

  @Test("a file that others may write, a directory and a huge file are refused with the remedy")
  func files() throws {
    #expect(try problem(Self.rule, mode: 0o664).contains("chmod go-w"))
    #expect(try problem(Self.rule, mode: 0o646).contains("chmod go-w"))
    #expect(try problem(String(repeating: "#\n", count: 3 << 20)).contains("MiB"))
    #expect(throws: ConfigurationError.self) { try ConfigurationSource(path: "/tmp").load() }
    #expect(throws: ConfigurationError.self) {
      try ConfigurationSource(path: "/nonexistent").load()
    }
    let empty = try Folder()
    #expect(
      try ConfigurationSource(path: empty.write("")).load().resolvedHere().warnings.count == 1)
  }

  @Test("all problems of all files are found at once; of a file that is no TOML the first")
  func allProblems() throws {
    let folder = try Folder()
    let path = folder.write(
      "[daemon]\nlog = 3\n" + Self.rule.replacing("ethertypes", with: "ethertype"))
    mkdir("\(folder.path)/conf.d", 0o755)
    folder.write("[[rule]\n[[rule]\n", "conf.d/1.toml")
    folder.write("colour = 1\n", "conf.d/60-x.toml")
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationSource(path: path).load()
    }
    let lines = (error?.description ?? "").split(separator: "\n").map {
      $0.dropFirst(folder.path.utf8.count + 1)
    }
    #expect(
      lines.map { $0.prefix { $0 != " " } } == [
        "conf.d/1.toml:1:8:", "ndisprotd.toml:2:7:", "ndisprotd.toml:3:1:",
        "ndisprotd.toml:7:1:", "conf.d/60-x.toml:1:1:",
      ])
    #expect(
      lines.contains {
        $0.hasSuffix("rule \"a\": unknown key ethertype; did you mean ethertypes?")
      })
  }

  @Test("a rule for an account that does not exist, or is not known yet, matches no client")
  func accounts() throws {
    let folder = try Folder()
    let text =
      Self.rule.replacing("\"1000\"", with: "\"gone\"")
      + Self.rule.replacing("\"a\"", with: "\"b\"").replacing(
        "user = \"1000\"", with: "group = \"slow\"")
      + Self.rule.replacing("\"a\"", with: "\"c\"").replacing(
        "user = \"1000\"", with: "everybody = true")
    let loaded = try ConfigurationSource(path: folder.write(text)).load()
    #expect(loaded.accounts == [.user("gone"), .group("slow")])
    let (server, warnings) = loaded.resolved([
      .user("gone"): .absent, .group("slow"): .unknown("it hangs"),
    ])
    #expect(server.policy.rules.map(\.subject) == [.nobody, .nobody, .everybody])
    #expect(warnings.contains { $0.contains(":1:1: rule \"a\": there is no user 'gone'") })
    #expect(
      warnings.contains { $0.contains("rule \"b\": the group 'slow'") && $0.contains("it hangs") })
    let later = loaded.resolved([.user("gone"): .found(7), .group("slow"): .foundEmpty(8)])
    #expect(later.server.policy.rules.map(\.subject) == [.user(7), .group(8), .everybody])
    #expect(later.warnings.contains { $0.contains("has no members") })
  }

  @Test("a directory service that hangs keeps nobody waiting, and is heard when it answers")
  func hangingDirectory() {
    let gate = Mutex(false)
    let directory = AccountDirectory(
      { name in
        while !gate.withLock({ $0 }) { usleep(1_000) }
        return name == .user("alice") ? .found(5) : .absent
      }, credentials: { _ in nil })
    let names: Set<AccountName> = [.user("alice"), .group("staff"), .user("12")]
    let first = directory.results(for: names, within: 50)
    #expect(first[.user("12")] == .found(12))
    guard case .unknown? = first[.user("alice")] else { return #expect(Bool(false), "\(first)") }
    gate.withLock { $0 = true }
    let second = directory.results(for: names, within: 10_000)
    #expect(
      second == [.user("alice"): .found(5), .group("staff"): .absent, .user("12"): .found(12)])
  }

  @Test("threat T14: a user whose directory hangs is an error in time, and so is the next one's")
  func hangingUser() throws {
    let gate = Mutex(false)
    let directory = AccountDirectory(
      { _ in .absent },
      credentials: { name in
        while !gate.withLock({ $0 }) { usleep(1_000) }
        guard let number = UInt32(name) else { return nil }
        return Credentials(processID: 0, userID: number, groupID: 7, groups: [8])
      })
    for name in ["12", "alice"] {
      let error = #expect(throws: SystemError.self) {
        try directory.credentials(name, within: 30)
      }
      #expect(error?.errno == ETIMEDOUT)
    }
    gate.withLock { $0 = true }
    #expect(try directory.credentials("13", within: 10_000)?.userID == 13)
    #expect(try directory.credentials("bob", within: 10_000) == nil)
  }

  @Test("several callers ask at once, and each hears its own answers")
  func manyCallers() async throws {
    let directory = AccountDirectory(
      { name in
        usleep(200)
        if case .user(let text) = name { return .found(UInt32(text.utf8.count)) }
        return .absent
      }, credentials: { _ in nil })
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<8 {
        group.addTask {
          let names = (1...20).map { String(repeating: "\(number)", count: $0) + "x" }
          let results = directory.results(for: Set(names.map(AccountName.user)), within: 600_000)
          return names.allSatisfy { results[.user($0)] == .found(UInt32($0.utf8.count)) }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }

  @Test(
    "an account on the command line that is absent or unanswered is an error that says what to write"
  )
  func commandLineNames() {
    let directory = AccountDirectory(
      { $0 == .group("slow") ? .unknown("it hangs") : .absent }, credentials: { _ in nil })
    let absent = #expect(throws: AccountError.self) {
      try directory.number(of: .user("gone"), within: 10_000)
    }
    #expect(
      absent?.description == "there is no user 'gone'. Write a user that getent passwd shows")
    let unknown = #expect(throws: AccountError.self) {
      try directory.number(of: .group("slow"), within: 10_000)
    }
    #expect(
      unknown?.description == "the group 'slow' cannot be looked up: it hangs. "
        + "See what getent group says, or write the number")
  }

  @Test("defaults of [daemon] hold for rules that say nothing else")
  func defaults() throws {
    let folder = try Folder()
    let text =
      "[daemon]\nrate = { frames = 7 }\nopens = 3\nqueue_bytes = \"1 MiB\"\n" + Self.rule
      + Self.rule.replacing("\"a\"", with: "\"b\"") + "opens = 5\n"
    let server = try ConfigurationSource(path: folder.write(text)).load().resolvedHere().server
    let rules = server.policy.rules
    #expect(rules.map(\.quota.opens) == [3, 5])
    #expect(rules.map { $0.rate?.framesPerSecond } == [7, 7])
    #expect(rules.map(\.quota.queueByteCount) == [1 << 20, 1 << 20])
  }
}
