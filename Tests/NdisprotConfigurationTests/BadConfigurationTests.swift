import Glibc
import NDIS
import Ndisprot
import NdisprotServer
import Platform
import TestSupport
import Testing

@testable import NdisprotConfiguration

/// Files that nobody should write: an error or a warning each, never a wider right than is written.
@Suite("Bad configurations")
struct BadConfigurationTests {
  /// A folder with a good file and `conf.d`.
  private final class Folder {
    let path: String
    var file: String { path + "/ndisprotd.toml" }

    init() throws {
      var name = Array("/tmp/ndisprot-config-XXXXXX".utf8CString)
      try #require(mkdtemp(&name) != nil)
      path = String(decoding: name.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
      mkdir(path + "/conf.d", 0o755)
      write(Array(BadConfigurationTests.good.utf8), "ndisprotd.toml")
    }

    func write(_ bytes: [UInt8], _ name: String) {
      let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      _ = Glibc.write(descriptor, bytes, bytes.count)
      close(descriptor)
    }

    deinit {
      for name in ["ndisprotd.toml", "conf.d/a.toml", "conf.d/target"] { unlink("\(path)/\(name)") }
      rmdir("\(path)/conf.d/a.toml")
      rmdir(path + "/conf.d")
      rmdir(path)
    }
  }

  private static let good = """
    [[binding]]
    interface = "np*"
    [[rule]]
    name = "a"
    user = "1000"
    interface = "np*"
    ethertypes = ["0x88b5", "llc"]
    vlans = ["none", 5]
    rights = ["read", "write"]
    rate = { frames = 10 }
    opens = 2

    """

  private func problem(_ folder: Folder) -> String {
    do throws(ConfigurationError) {
      let loaded = try ConfigurationSource(path: folder.file).load()
      return loaded.resolvedHere().warnings.joined(separator: "; ")
    } catch {
      return error.description
    }
  }

  @Test("what is no text is named with its place, and a file whose name is none is read")
  func foreignBytes() throws {
    let folder = try Folder()
    let entry = folder.path + "/conf.d/a.toml"
    folder.write(Array("# plain\n# caf".utf8) + [0xE9, 0x0A], "conf.d/a.toml")
    #expect(problem(folder) == "\(entry):2:6: a byte that is not valid UTF-8. Save it as UTF-8")
    folder.write(Array("# ä".utf8) + [0], "conf.d/a.toml")
    #expect(problem(folder).hasPrefix("\(entry):1:4: a zero byte, which no text has"))
    unlink(entry)
    let name =
      String(systemBytes: Array(folder.path.utf8) + Array("/conf.d/9-".utf8) + [0xFF]) + ".toml"
    let file = open(name.systemString, O_WRONLY | O_CREAT, 0o644)
    #expect(file >= 0 && write(file, "x = 1\n", 6) == 6)
    close(file)
    #expect(problem(folder).contains(":1:1: unknown key x"), "\(problem(folder))")
    unlink(name.systemString)
    #expect(problem(folder) == "")
  }

  @Test("an entry of conf.d that cannot be read refuses all, and is named with the remedy")
  func fragments() throws {
    let folder = try Folder()
    let entry = folder.path + "/conf.d/a.toml"
    #expect(problem(folder) == "")
    mkdir(entry, 0o755)
    #expect(problem(folder) == "\(entry): it is no regular file. Name a file, not a directory")
    rmdir(entry)
    mkfifo(entry, 0o644)
    #expect(problem(folder).hasPrefix("\(entry): it is no regular file"))
    unlink(entry)
    symlink("nothing", entry)
    #expect(problem(folder).hasPrefix("\(entry): it cannot be opened"))
    unlink(entry)
    folder.write(Array("[[rule]]\nname = 1\n".utf8), "conf.d/a.toml")
    #expect(problem(folder).contains("\(entry):2:8: rule: name: "))
    folder.write(Array("# nothing".utf8), "conf.d/a.toml")
    chmod(entry, 0o666)
    #expect(problem(folder).contains("chmod go-w \(entry)"))
    chmod(entry, 0o644)
    chmod(folder.path + "/conf.d", 0o777)
    #expect(problem(folder).contains("others may put files into it"))
    chmod(folder.path + "/conf.d", 0o755)
    if getuid() == 0 {
      chown(entry, 65_534, 65_534)
      #expect(problem(folder).contains("it belongs to user 65534"))
    }
  }

  @Test(
    "bytes that are no text, and nesting without end, are errors with the file's name",
    arguments: [
      [0xFF, 0xFE, 0x41], [0x23, 0x00, 0x0A], [0xC0, 0x80], [0xED, 0xA0, 0x80],
      Array("a = ".utf8) + Array(repeating: 0x5B, count: 100_000),
      Array("a".utf8) + Array(repeating: 0x2E, count: 100_000),
      Array(String(repeating: "a.", count: 100_000).utf8) + Array("a = 1".utf8),
      Array(String(repeating: "{a=", count: 50_000).utf8),
    ] as [[UInt8]])
  func bytes(_ bytes: [UInt8]) throws {
    let folder = try Folder()
    folder.write(bytes, "ndisprotd.toml")
    let found = problem(folder)
    #expect(found.hasPrefix(folder.file) && found.utf8.count < 2_000)
    #expect(found == found.printable())
  }

  @Test(
    "unknown users and groups, rules twice, keys twice: each is reported with its place",
    arguments: [
      (
        "user = \"1000\"", "group = \"no-such-group\"",
        ":3:1: rule \"a\": there is no group 'no-such-group'"
      ),
      ("user = \"1000\"", "user = \"+0\"", ":3:1: rule \"a\": there is no user '+0'"),
      ("user = \"1000\"", "user = \"-1\"", ":5:8: rule \"a\": user: '-1' is neither"),
      ("user = \"1000\"", "user = \"4294967296\"", ":5:8: rule \"a\": user: "),
      ("opens = 2", "opens = 2\nopens = 3", ":12:"),
      (
        "opens = 2", "opens = 2\nsources = [\"01:00:00:00:00:01\"]",
        ":12:12: rule \"a\": sources: '01:00:00:00:00:01' is the address of a group"
      ),
      ("opens = 2", "opens = 0", ":11:9: rule \"a\": opens: "),
      ("opens = 2", "opens = 2.0", ":11:9: rule \"a\": opens: "),
      ("opens = 2", "opens = 99999999999999999999", ":11:"),
      ("frames = 10", "frames = -1", ":10:19: rule \"a\": rate: frames: "),
      (
        "frames = 10", "frame = 10",
        ":10:10: rule \"a\": rate: unknown key frame; did you mean frames?"
      ),
      ("vlans = [\"none\", 5]", "vlans = []", ":8:9: rule \"a\": vlans: "),
      (
        "vlans = [\"none\", 5]", "vlan = 5",
        ":8:1: rule \"a\": unknown key vlan; did you mean vlans?"
      ),
      (
        "ethertypes = [\"0x88b5\", \"llc\"]", "ethertypes = []",
        ":7:14: rule \"a\": ethertypes: "
      ),
      (
        "\"llc\"", "\"lldq\"",
        ":7:25: rule \"a\": ethertypes: 'lldq' is no EtherType; did you mean lldp?"
      ),
      ("[[rule]]", "[rule]", ":3:1: rule: "),
      ("rights = [\"read\", \"write\"]", "", ":3:1: rule \"a\": rights: "),
      ("name = \"a\"", "name = \"a\u{202E}b\"", ":4:8: rule: name: "),
      ("user = \"1000\"", "everybody = true\nuser = 1", "rule \"a\": user: write one of"),
    ])
  func values(what: String, instead: String, told: String) throws {
    let folder = try Folder()
    folder.write(Array(Self.good.replacing(what, with: instead).utf8), "ndisprotd.toml")
    let found = problem(folder)
    #expect(found.hasPrefix(folder.file) && found.contains(told), "\(found)")
  }

  @Test(
    "where a value has to stand and none does, the place is told and nobody is killed for it",
    arguments: [
      ("opens = 2", "opens = ]", ":11:9: "), ("opens = 2", "opens =   # two", ":11:11: "),
      ("opens = 2", "opens =", ":11:8: "), ("\"llc\"]", "}]", ":7:25: "),
      ("{ frames = 10 }", "{ frames = }", ":10:19: "), ("opens = 2", "opens = ,", ":11:9: "),
      ("opens = 2", "opens = \u{B}2", ":11:9: "), ("[\"none\", 5]", "[}", ":8:10: "),
      ("[[rule]]", "[[ =]]", ":3:4: "), ("[[rule]]", "[[[rule]]]", ":3:3: "),
      ("[[rule]]", "[\nrule]]", ":3:2: "), ("[[rule]]", "[ [rule]]", ":3:3: "),
      ("opens = 2", "opens = 1979-05-27T:26", ":11:20: "),
      ("opens = 2", "opens = 07:1", ":11:13: "),
      ("[\"none\", 5]", "[5-1]", ":8:11: "),
      ("name = \"a\"", "name = \"a\\u0000b\"", ":4:8: "),
      ("# x", "", ""), ("name = \"a\"", "name = 'a\\u0000b'", ""),
      ("name = \"a\"", "name = \"a = ] # ,} '\"", ""),
      ("name = \"a\"", "name = 'a = \"]'", ""), ("name = \"a\"", "name = \"\"\"a\"\"\"  # = ]", ""),
      ("[\"none\", 5]", "[ # = ]\n  \"none\", # }\n  5,\n]", ""),
    ])
  func missing(what: String, instead: String, place: String) throws {
    let folder = try Folder()
    folder.write(Array(Self.good.replacing(what, with: instead).utf8), "ndisprotd.toml")
    let found = problem(folder)
    #expect(place.isEmpty ? found == "" : found.hasPrefix(folder.file + place), "\(found)")
  }

  @Test("a rule that an earlier one makes idle is a warning, and gives nothing")
  func overlapping() throws {
    let folder = try Folder()
    let late = """
      [[rule]]
      name = "late"
      user = "1000"
      interface = "np*"
      ethertypes = ["0x88b5"]
      rights = ["read", "write", "any-source", "exclusive"]
      """
    folder.write(Array((Self.good + late).utf8), "ndisprotd.toml")
    #expect(
      problem(folder) == "\(folder.file):12:1: rule \"late\": it never decides: rule \"a\" "
        + "(\(folder.file):3) comes first. Put it before that one, or remove it")
  }

  @Test("fuzz: a file with changed bytes is refused, or read as what it says; nothing traps")
  func fuzzed() throws {
    var random = SplitMix64(state: 20_26)
    let alphabet = Array("[]{}=\"'\n#.,0x8ae -\\".utf8) + [0, 0x7F, 0xC3, 0xFF]
    var accepted = 0
    for _ in 0..<5_000 {
      var bytes = Array(Self.good.utf8)
      for _ in 0...(random.next() % 4) {
        let at = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 4 {
        case 0: bytes[at] = alphabet[Int(random.next() % UInt64(alphabet.count))]
        case 1: bytes.remove(at: at)
        case 2: bytes.insert(alphabet[Int(random.next() % UInt64(alphabet.count))], at: at)
        default: bytes.swapAt(at, Int(random.next() % UInt64(bytes.count)))
        }
      }
      guard let text = String(validating: bytes, as: UTF8.self) else { continue }
      let file = ConfigurationText(path: "x.toml", text: text)
      guard let loaded = try? DaemonConfiguration([file]) else { continue }
      accepted += 1
      for rule in loaded.resolvedHere().server.policy.rules {
        // What a slip cannot have made of the words that are there.
        #expect(rule.rights.isSubset(of: [.read, .write]), "\(text)")
        #expect(!rule.etherTypes.isAny && !rule.vlans.isAny, "\(text)")
        #expect(!rule.etherTypes.values.contains(0x8808), "\(text)")
      }
    }
    #expect(accepted > 100)
  }
}

extension DaemonConfiguration {
  /// With the accounts of the machine that the tests run on.
  func resolvedHere() -> (server: ServerConfiguration, warnings: [String]) {
    resolved(AccountDirectory().results(for: accounts, within: 10_000))
  }
}
