import NDIS
import Testing

/// What an administrator sees of the daemon's inside.
@Suite(
  "Objects and trace", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces)
struct AdministrationTests {
  struct Listed: Decodable {
    struct Holder: Decodable { let tag: String }
    struct Past: Decodable { let state: String }
    let id: String
    let parent: String?
    let kind: String
    let name: String
    let state: String
    let pins: Int
    let ageSeconds: Double
    let site: String
    let contexts: [String]
    let holders: [Holder]
    let states: [Past]
  }

  struct Event: Decodable {
    let sequence: Int
    let component: String
    let name: String
    let ifindex: Int
    let values: [UInt64]
  }

  private func objects(_ lab: Lab) throws -> [Listed] {
    let outcome = try lab.ctl("--json", "objects")
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try outcome.decodeAll(Listed.self)
  }

  private func events(_ lab: Lab, _ arguments: String...) throws -> [Event] {
    let outcome = try lab.ctl(["--json", "trace"] + arguments)
    #expect(outcome.exitCode == 0, "\(outcome.errors)")
    return try outcome.decodeAll(Event.self)
  }

  @Test("objects prints the tree: driver, device, binding, session, open and its queue")
  func tree() throws {
    try Lab.run(Lab.Options(arguments: ["--verifier"])) { lab in
      let session = try lab.client.open(types: [0x88B5])
      let all = try objects(lab)
      let driver = try #require(all.first { $0.kind == "driver" })
      #expect(driver.name == "ndisprot" && driver.parent == nil && driver.state == "created")
      #expect(driver.contexts == ["DriverContext"] && driver.site.contains("Server.swift:"))
      let device = try #require(all.first { $0.kind == "controlDevice" })
      #expect(device.parent == driver.id)
      let binding = try #require(all.first { $0.name == "binding np0" })
      #expect(binding.parent == driver.id && binding.contexts == ["AdapterBinding"])
      let open = try #require(all.first { $0.name == "open 1 of np0" })
      #expect(binding.holders.contains { $0.tag.hasPrefix("open 1 of np0") })
      #expect(binding.pins >= 2 && open.ageSeconds < 60 && open.states.last?.state == "created")
      let file = try #require(all.first { $0.id == open.parent })
      #expect(file.kind == "fileObject" && file.contexts == ["Session"])
      #expect(all.contains { $0.kind == "queue" && $0.parent == open.id && $0.name == "reads" })
      let workers = all.filter { $0.kind == "worker" }.map(\.name).sorted()
      #expect(workers == ["bind-np0", "control", "kernel"])

      #expect(try session.closeDevice().status == .success)
      #expect(try !objects(lab).contains { $0.id == open.id })

      let text = try lab.ctl("objects")
      #expect(text.exitCode == 0)
      #expect(text.lines.first?.hasPrefix("OBJECT") == true)
      #expect(text.output.contains("\ndriver ndisprot"))
      #expect(text.output.contains("\n  controlDevice control device"))
      #expect(text.output.contains("\n  general binding np0"))
    }
  }

  @Test("a tree of more than one message comes whole, in pages")
  func pages() throws {
    try Lab.run { lab in
      let sessions = try (0..<200).map { _ in try lab.client.open(types: [0x88B5]) }
      let all = try objects(lab)
      #expect(Set(all.map(\.id)).count == all.count)
      #expect(all.count { $0.kind == "fileObject" } == sessions.count + 1)
      #expect(all.count { $0.name.hasSuffix(" of np0") } == sessions.count)
      #expect(try lab.ctl("objects").lines.count == all.count + 1)
    }
  }

  @Test("trace records nothing until it is told to, then what happens to a frame, and stops")
  func trace() throws {
    try Lab.run { lab in
      let session = try lab.client.open(types: [0x88B5])
      let nothing = try lab.ctl("trace")
      #expect(nothing.exitCode == 0 && nothing.lines.count == 1)
      #expect(nothing.errors.contains("trace --on"))

      #expect(try lab.ctl("trace", "--on").exitCode == 0)
      let broadcast = Frame.make(to: Frame.broadcast, from: Frame.own, type: "88b5")
      #expect(try session.write(broadcast).status == .success)
      #expect(try session.read().status == .success)
      let all = try events(lab)
      #expect(all.map(\.sequence) == Array(0..<all.count))
      for (component, name) in [
        ("control", "message"), ("send", "write"), ("send", "complete"), ("receive", "deliver"),
        ("control", "complete"), ("wdf", "create"),
      ] {
        #expect(all.contains { $0.component == component && $0.name == name }, "\(name)")
      }
      let sent = try #require(all.first { $0.name == "write" })
      #expect(sent.values[1] == 1 && sent.ifindex > 0)

      let own = try events(lab, "np0", "--component", "send", "--component", "receive")
      #expect(!own.isEmpty)
      #expect(own.allSatisfy { $0.ifindex == sent.ifindex })
      #expect(Set(own.map(\.component)) == ["send", "receive"])

      #expect(try lab.ctl("trace", "--off").exitCode == 0)
      let kept = try events(lab).count
      #expect(try session.write(Frame.outward(type: "88b5")).status == .success)
      #expect(try events(lab).count == kept)
      #expect(try lab.ctl("trace").lines.count == kept + 1)
    }
  }

  @Test("the ring keeps the last 4,096 events, and they come whole over several messages")
  func ring() throws {
    try Lab.run { lab in
      #expect(try lab.ctl("trace", "--on").exitCode == 0)
      let session = try lab.client.open(flags: .noLoopback, types: [0x88B5])
      for _ in 0..<1_500 {
        #expect(try session.write(Frame.outward(type: "88b5")).status == .success)
      }
      #expect(try lab.ctl("trace", "--off").exitCode == 0)
      let all = try events(lab)
      let first = try #require(all.first)
      #expect(all.count == 4_096 && first.sequence > 0)
      #expect(all.map(\.sequence) == Array(first.sequence..<(first.sequence + 4_096)))
    }
  }

  @Test("objects and trace are for administrators", .needsSeveralUsers)
  func others() throws {
    try Lab.run { lab in
      for arguments in [["objects"], ["trace"], ["trace", "--on"]] {
        let outcome = try lab.ctl(arguments, as: .allowed)
        #expect(outcome.exitCode == 6)
        #expect(outcome.errors.contains("only root and the user that runs the daemon may "))
      }
      #expect(try events(lab).isEmpty)
    }
  }

  @Test("trace of a binding that is not there, and of no known part")
  func absent() throws {
    try Lab.run { lab in
      #expect(try lab.ctl("trace", "np9").exitCode == 4)
      let wrong = try lab.ctl("trace", "--component", "disk")
      #expect(
        wrong.exitCode == 64 && wrong.errors.contains("Write one of 'wdf'"), "\(wrong.errors)")
      #expect(try lab.ctl("trace", "--on", "--off").exitCode == 64)
    }
  }
}
