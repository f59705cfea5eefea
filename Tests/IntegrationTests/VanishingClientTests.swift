import Glibc
import NDIS
import Testing

/// Clients that are killed in the middle, while another one goes on working.
@Suite(
  "Clients that vanish or stall", .serialized, .timeLimit(.minutes(15)), .tags(.integration),
  .needsNamespaces, .sharedLab)
struct VanishingClientTests {
  private let lab: Lab
  private let canary: ControlSession

  init() throws {
    lab = try #require(SharedLab.current)
    canary = try lab.client.open()
  }

  /// Where a client is when it is killed.
  enum Moment: String, CaseIterable {
    case silent, greeted, opening, opened, reading, writing, waiting, unread

    func reach(with client: ControlClient) throws {
      if self == .silent {
        _ = try client.connectSilently()
        return
      }
      let session = try client.connect()
      switch self {
      case .silent, .greeted: break
      case .opening: _ = try session.request("open", ["name": "np0"])
      case .waiting: _ = try session.startWait(for: ["np9"], milliseconds: 60_000)
      case .opened, .reading, .writing, .unread: _ = try session.open("np0")
      }
      switch self {
      case .reading: for _ in 1...20 { _ = try session.startRead() }
      case .writing: try Moment.write(200, session)
      // Its answers are looped frames that nobody takes.
      case .unread:
        for _ in 1...50 { _ = try session.startRead() }
        try Moment.write(100, session)
      default: break
      }
    }

    private static func write(_ count: Int, _ session: ControlSession) throws {
      let frame = Frame.make(to: Frame.broadcast, from: Frame.own, byteCount: 1_514)
      for _ in 1...count { _ = try session.request("write", ["frame": .text(frame)]) }
    }
  }

  @Test("B7: a client killed at any moment leaves nothing behind", arguments: Moment.allCases)
  func killed(_ moment: Moment) throws {
    let before = try lab.daemon.restingResources()
    let lines = try lab.daemon.complaints.count
    let victim = lab.makeClient()
    try moment.reach(with: victim)
    try victim.kill()
    try eventually("no leak: \(before)") { try lab.daemon.resources == before }
    try checkCanary()
    // To vanish is no violation.
    #expect(try lab.daemon.complaints.count == lines)
  }

  @Test("when the last open is gone, its thread and its capture handle go too")
  func idle() throws {
    try canary.disconnect()
    try Lab.run { lab in
      let idle = try lab.daemon.restingResources()
      let session = try lab.client.open()
      let busy = try lab.daemon.restingResources()
      #expect(busy.threads.count == idle.threads.count + 1 && busy.descriptors > idle.descriptors)
      try session.disconnect()
      try eventually("an idle daemon: \(idle)") { try lab.daemon.resources == idle }
    }
  }

  private func checkCanary() throws {
    let frame = Frame.make(to: Frame.own, from: Frame.own, number: 0xCA)
    #expect(try canary.write(frame).status == .success)
    // Broadcasts of the victim may be in front of it.
    var last: [String] = []
    try eventually("the own frame") {
      last = try canary.read().frames
      return last == [frame]
    }
  }
}
