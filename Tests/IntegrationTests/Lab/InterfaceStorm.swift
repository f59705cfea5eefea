import Glibc
import NDIS
import TestSupport

/// Everything at once that can happen to interfaces and to clients, and then a calm in which it is
/// judged.
///
/// The seed says what is done in which order; when it meets the daemon is up to the processors.
///
/// - Shape: `clients at random ⇄ ndisprotd ⇄ three cables ═ bursts`, and gusts at the interfaces
/// - Thread: the test's
final class InterfaceStorm {
  private let lab: Lab
  private var chance: SplitMix64
  private var cables: [Cable]
  private let far: [WirePeer]
  private let clients: [StormClients]
  private let administrator: ControlSession
  private let seed: Int
  private var burstCount = 0
  private var sentCount = 0

  /// The near end of a cable.
  private struct Cable {
    let index: Int
    /// What it is called now.
    var name: String
    /// Whether its counters are older than its binding.
    var isOlderThanBinding = false

    init(_ index: Int) {
      self.index = index
      name = "np\(2 * index)"
    }

    var firstName: String { "np\(2 * index)" }
    var otherName: String { "zz\(2 * index)" }
    var farName: String { "np\(2 * index + 1)" }
    var address: String { "02:00:00:00:00:0\(2 * index + 1)" }
  }

  /// One thing that is done to an interface or a program.
  private enum Gust: CaseIterable {
    case flap, farFlap, rename, renameWhileDown, mtu, address, replace, moveAwayAndBack, pause
    case pauseBehindMTU, daemonIsLate, readersStop
  }

  /// A daemon with three cables: both profiles, and a small ring of the kernel.
  static let options = Lab.Options(
    cables: 3,
    configuration: [
      "[[binding]]\ninterface = \"np2\"\nprofile = \"throughput\"\n",
      "[[binding]]\ninterface = \"np4\"\nring = \"2 MiB\"\n",
      "[[binding]]\ninterface = \"np*\"\n[[binding]]\ninterface = \"zz*\"\n",
      Policy.rule("all", "\"any\"", rights, interface: "*", more: "vlans = [\"any\"]"),
    ].joined())

  private static let rights = [
    "read", "write", "promiscuous", "set-oid", "any-source", "all-frames", "exclusive",
  ].map { "\"\($0)\"" }.joined(separator: ", ")

  init(_ lab: Lab, seed: Int) throws {
    self.lab = lab
    self.seed = seed
    chance = SplitMix64(state: UInt64(bitPattern: Int64(seed)))
    cables = (0..<3).map(Cable.init)
    // What the near end sends is never too long for the far one.
    for cable in cables { try lab.farIP("link set \(cable.farName) mtu 9216") }
    far = cables.map { lab.makePeer($0.farName) }
    administrator = try lab.makeClient(as: .owner).connect()
    clients = try (0..<3).map { _ in try StormClients(lab) }
    for (number, program) in clients.enumerated() {
      try program.begin(
        seed: seed + number, sessions: 8,
        interfaces: cables.map(\.firstName) + cables.map(\.otherName))
    }
  }

  /// Has everything happen for a while, and ends in the middle of it.
  func blow(seconds: Double) throws {
    for program in clients { try program.blow() }
    try startBursts()
    let deadline = Deadline(seconds: seconds)
    while !deadline.isOver {
      guard let gust = Gust.allCases.randomElement(using: &chance) else { continue }
      try perform(gust)
    }
  }

  /// Has the clients do nothing but read, and judges what the storm has left.
  ///
  /// - Throws: `LabError` with what is wrong
  func judge() throws {
    for program in clients {
      program.send(SIGCONT)
      try program.calm()
    }
    // Reads that come in between the last bursts have no frame of their own type behind them, and
    // the daemon is late.
    for peer in far { sentCount += try peer.startLull() }
    for _ in 0..<10 { try perform(.daemonIsLate) }
    for peer in far { try peer.finishLull() }
    try checkReads()
    try restore()
    try checkLife()
    try renewCounters()
    try ConservationLaws(lab).check("in the calm", wire: true)
  }

  /// Ends the clients in the middle of what they do, and says how much there was.
  func end() throws -> String {
    let reports = try clients.map { try $0.report() }
    for program in clients { try program.kill() }
    let (opens, frames) = (reports.map(\.opens), reports.map(\.frames))
    return "\(sentCount) frames sent, \(frames.reduce(0, +)) read, \(opens.reduce(0, +)) opens"
  }

  private func startBursts() throws {
    burstCount += 1
    for (index, peer) in far.enumerated() {
      try peer.startBursts(seed: seed + 100 * burstCount + index)
    }
  }
}

// What happens.

extension InterfaceStorm {
  private func perform(_ gust: Gust) throws {
    let index = Int.random(in: cables.indices, using: &chance)
    let name = cables[index].name
    switch gust {
    case .flap: try lab.ipBatch(["link set \(name) down", "link set \(name) up"])
    case .farFlap:
      for state in ["down", "up"] { try lab.farIP("link set \(cables[index].farName) \(state)") }
    case .rename: try rename(index)
    case .renameWhileDown:
      try lab.ip("link set \(name) down")
      try rename(index)
      try lab.ip("link set \(cables[index].name) up")
    case .mtu: try changeMTU(index)
    case .address:
      let last = 10 + Int.random(in: 0..<90, using: &chance)
      try lab.ip("link set \(name) address 02:00:00:00:00:\(last)")
    case .replace: try replace(index)
    case .moveAwayAndBack:
      try lab.sendAway(name)
      try lab.takeBack(name)
      try lab.ip("link set \(name) up")
      cables[index].isOlderThanBinding = true
    case .pause: try pause()
    case .pauseBehindMTU:
      try changeMTU(index)
      usleep(.random(in: 0..<25_000, using: &chance))
      try pause()
    case .daemonIsLate:
      let microseconds = UInt32.random(in: 5_000..<60_000, using: &chance)
      _ = try lab.daemon.whileStopped { usleep(microseconds) }
    case .readersStop:
      for program in clients { program.send(SIGCONT) }
      clients.randomElement(using: &chance)?.send(SIGSTOP)
    }
  }

  private func rename(_ index: Int) throws {
    let cable = cables[index]
    let next = cable.name == cable.firstName ? cable.otherName : cable.firstName
    try lab.ip("link set \(cable.name) name \(next)")
    cables[index].name = next
  }

  private func changeMTU(_ index: Int) throws {
    let mtu = [576, 1_280, 1_500, 2_000, 4_000, 9_000].randomElement(using: &chance) ?? 1_500
    try lab.ip("link set \(cables[index].name) mtu \(mtu)")
  }

  /// The interface goes, and another one comes in its place.
  private func replace(_ index: Int) throws {
    try lab.ip("link del \(cables[index].name)")
    try lab.layCable(index)
    cables[index] = Cable(index)
    try lab.farIP("link set \(cables[index].farName) mtu 9216")
  }

  /// A pause that was answered holds until the restart, whatever happens to the interface meanwhile.
  private func pause() throws {
    guard let index = try bindings().randomElement(using: &chance)?.interfaceIndex else { return }
    guard try administrator.setPaused(true, interfaceIndex: index).status == .success else {
      return
    }
    usleep(.random(in: 0..<50_000, using: &chance))
    try expectState(.paused, of: index)
    let restart = try administrator.setPaused(false, interfaceIndex: index)
    if restart.status == .success { try expectState(.running, of: index) }
  }

  private func expectState(_ state: BindingState, of index: Int) throws {
    // It may have gone meanwhile.
    guard let binding = try bindings().first(where: { $0.interfaceIndex == index }) else { return }
    guard binding.state == state.rawValue else {
      throw LabError.failed("\(binding.name) is in state \(binding.state), not \(state)")
    }
  }

  private func bindings() throws -> [Reply.Binding] { try administrator.enumerate().bindings ?? [] }
}

// What is judged.

extension InterfaceStorm {
  /// Every read is answered whose frame is there, and every other request.
  private func checkReads() throws {
    var (waiting, reports): ([String], [StormClients.Report]) = ([], [])
    do {
      try eventually("answers") {
        let opens = try administrator.statistics().filter { $0.kind == 2 && $0[.rxQueued] > 0 }
        waiting = opens.map { "\($0.name) \($0.id): \($0[.rxQueued]) frames" }
        reports = try clients.map { try $0.report() }
        waiting += reports.flatMap(\.unsettled)
        return waiting.isEmpty
      }
    } catch LabError.timedOut {
      throw LabError.failed("never answered: \(waiting)")
    }
    let problems = reports.flatMap(\.problems)
    guard problems.isEmpty, reports.allSatisfy(\.isRunning) else {
      throw LabError.failed("\(problems)")
    }
  }

  /// Gives every interface its name, address and MTU again, and waits until the daemon follows.
  private func restore() throws {
    for (index, cable) in cables.enumerated() {
      if cable.name != cable.firstName { try rename(index) }
      try lab.ipBatch(
        ["mtu 1500", "address \(cable.address)", "up"].map {
          "link set \(cable.firstName) \($0)"
        })
    }
    try awaitBindings()
  }

  private func awaitBindings() throws {
    var last: [Reply.Binding] = []
    do {
      try eventually("bindings") {
        last = try bindings()
        return cables.allSatisfy { cable in
          last.contains {
            $0.name == cable.firstName && $0.power == 1 && $0.link == 1 && $0.mtu == 1_500
              && $0.address == cable.address && $0.state == BindingState.running.rawValue
          }
        }
      }
    } catch LabError.timedOut {
      throw LabError.failed("not followed: \(last)")
    }
  }

  /// Every binding hears and sends.
  private func checkLife() throws {
    for (cable, peer) in zip(cables, far) {
      let session = try lab.client.open(cable.firstName, flags: .noLoopback, types: [0x88B7])
      let own = cable.address.filter { $0 != ":" }
      let read = try session.startRead()
      var number = 0
      // The kernel opens the far end's queue a moment behind the carrier.
      try eventually("\(cable.firstName) hears") {
        number += 1
        // The first one may be told of a flap.
        try? peer.send(Frame.make(to: own, type: "88b7", number: number))
        return try session.isAnswered(read)
      }
      let frame = Frame.make(to: Frame.far, from: own, type: "88b7", number: 0xCA11 + burstCount)
      var status = CompletionStatus.success
      try eventually("\(cable.firstName) sends: \(status)") {
        status = try session.write(frame).status
        return status == .success
      }
      guard try peer.find(frame) else {
        throw LabError.failed("\(cable.firstName) says that it sends, and does not")
      }
      try session.disconnect()
    }
  }

  /// An interface that was moved has counted for the binding before: another one takes its place, so
  /// that law D5 can be judged.
  private func renewCounters() throws {
    for index in cables.indices where cables[index].isOlderThanBinding { try replace(index) }
    try awaitBindings()
  }
}

extension ControlSession {
  /// Pauses a binding, or restarts it.
  fileprivate func setPaused(_ isPaused: Bool, interfaceIndex: Int) throws -> Reply {
    let words = [isPaused ? 3 : 4, 0, UInt32(interfaceIndex), 0]
    return try reply(
      to: request(
        "send", ["opcode": 13, "payload": .text(words.map(littleEndian).joined())]))
  }

  /// Whether a request has its reply, which is still to be taken.
  fileprivate func isAnswered(_ id: Int) throws -> Bool { try !isPending(id) }
}
