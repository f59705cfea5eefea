import FoundationEssentials
import NDIS

/// Every frame in exactly one counter, every request in exactly one completion: what `stats` of the
/// daemon of a lab says, put into the equations.
///
/// - Source: `ndisprotd.docc/Reliability.md` section 1
struct ConservationLaws {
  private let lab: Lab

  init(_ lab: Lab) { self.lab = lab }

  /// Waits for a moment in which every law holds.
  ///
  /// - Parameters:
  ///   - moment: when this is, for the error
  ///   - wire: whether what was sent is compared with what the interfaces say (D5)
  /// - Throws: `LabError.failed` with the equations that do not hold
  func check(_ moment: String, wire: Bool) throws {
    var broken: [String] = []
    do {
      try eventually("quiet") {
        broken = try violations() + (wire ? wireViolations() : [])
        return broken.isEmpty
      }
    } catch LabError.timedOut {
      throw LabError.failed("\(moment): \(broken.joined(separator: "; "))")
    }
  }

  private func violations() throws -> [String] { try objects().flatMap(\.violations) }

  /// What the daemon says now, as an administrator sees it.
  func objects() throws -> [CounterLine] {
    let outcome = try lab.ctl("--json", "stats")
    guard outcome.exitCode == 0 else { throw LabError.failed("stats: \(outcome.errors)") }
    return try outcome.lines.map {
      try JSONDecoder().decode(CounterLine.self, from: Data($0.utf8))
    }
  }

  /// D5: the frames that an interface sent, or lost beyond it, are those that the daemon gave it.
  ///
  /// The kernel counts as dropped also a frame that it refuses because the interface is just going
  /// down; that one is an error for its sender. So what was dropped is a bound, and where nothing was,
  /// the numbers are equal.
  private func wireViolations() throws -> [String] {
    let links = try lab.links()
    return try objects().filter { $0.kind == "binding" }.compactMap { binding in
      guard let link = links.first(where: { $0.ifindex == binding.ifindex }),
        link.qdisc == "noqueue"
      else { return nil }
      let (packets, dropped) = (link.stats64.tx.packets, link.stats64.tx.dropped)
      let sent = binding[.txSent]
      return (packets...packets + dropped).contains(sent)
        ? nil : "D5: \(binding.name) sent \(packets) and dropped \(dropped) of \(sent) frames"
    }
  }
}

/// A line of `ndisprotctl --json stats`.
struct CounterLine: Decodable {
  let kind: String
  let name: String
  let ifindex: Int
  private let values: [String: UInt64]

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    kind = try container.decode(String.self, forKey: Key("kind"))
    name = try container.decode(String.self, forKey: Key("name"))
    ifindex = try container.decode(Int.self, forKey: Key("ifindex"))
    var values: [String: UInt64] = [:]
    for key in container.allKeys {
      values[key.stringValue] = try? container.decode(UInt64.self, forKey: key)
    }
    self.values = values
  }

  /// One counter; 0 if the object does not have it.
  subscript(counter: Counter) -> UInt64 { values[counter.name] ?? 0 }

  /// The names of what it counts, and of its other numbers.
  var counterNames: Set<String> { Set(values.keys) }

  /// The laws that this object breaks, with its figures.
  var violations: [String] {
    switch kind {
    case "binding": [law("D1", [.kernelPackets], [.kernelDrops, .rxFrames])].compactMap(\.self)
    case "open":
      [
        law(
          "D2", [.rxOffered],
          [
            .rxOverrun, .rxMatched, .rxUnmatchedEthertype, .rxUnmatchedFilter,
            .rxUnmatchedDirection, .rxNotPermitted, .rxDropState,
          ]),
        law(
          "D3", [.rxMatched, .rxLooped],
          [.rxDelivered, .rxDropFlushed, .rxDropClosed, .rxDropRevoked, .rxQueued]),
        law(
          "D4", [.txSubmitted],
          [
            .txRejectedInvalid, .txRejectedPolicy, .txRejectedRate, .txRejectedState, .txSent,
            .txErrNobufs, .txErrNetdown, .txErrGone, .txErrToolong, .txErrOther, .txCancelled,
            .txPending,
          ]),
      ].compactMap(\.self)
    case "session":
      [
        law(
          "D6", [.reqIssued], [.reqCompletedOk, .reqCompletedError, .reqCancelled, .reqPending])
      ].compactMap(\.self)
    case "daemon": []
    default: ["an object of kind \(kind)"]
    }
  }

  private func law(_ id: String, _ left: [Counter], _ right: [Counter]) -> String? {
    let sums = [left, right].map { $0.reduce(0) { $0 + self[$1] } }
    guard sums[0] != sums[1] else { return nil }
    let terms = (left + right).filter { self[$0] > 0 }.map { "\($0.name) \(self[$0])" }
    return "\(id) of \(name): \(terms.joined(separator: ", "))"
  }

  private struct Key: CodingKey {
    let stringValue: String
    let intValue: Int? = nil
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }
}

/// An interface as `ip -json -stats link` shows it.
struct LinkLine: Decodable {
  let ifindex: Int
  let ifname: String
  let qdisc: String?
  let mtu: Int
  let promiscuity: Int?
  /// How many have the card hear all groups; nil of an `ip` before 6.0.
  let allmulti: Int?
  let stats64: Directions

  struct Directions: Decodable {
    let rx: Counts
    let tx: Counts
  }

  struct Counts: Decodable {
    let packets: UInt64
    let dropped: UInt64
  }
}

extension Lab {
  /// The interfaces of the daemon's namespace, as the kernel has them.
  func links() throws -> [LinkLine] {
    let words = nearWords(["ip", "-json", "-details", "-stats", "link", "show"])
    let outcome = try ChildProcess.run(words, errorPath: filePath("links"))
    guard outcome.exitCode == 0 else { throw LabError.failed("ip link: \(outcome.errors)") }
    return try JSONDecoder().decode([LinkLine].self, from: Data(outcome.output.utf8))
  }
}
