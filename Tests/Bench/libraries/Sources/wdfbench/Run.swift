internal import CMeasure
internal import CWDFPeer
internal import Glibc

/// The whole program, outside `main.swift`, where everything would be on the main actor.
func run() {
  let arguments = CommandLine.arguments.dropFirst()
  measure_pin(1)
  do {
    if arguments.isEmpty { exit(try measureAll() ? 0 : 1) }
    if arguments.count == 2, let count = arguments.last.flatMap({ Int($0) }) {
      exit(try repeatOnly(arguments.first ?? "", count) ? 0 : 64)
    }
    print("usage: wdfbench [request|pin COUNT]: WDF beside a C queue and a C counter, or WDF alone")
    exit(64)
  } catch {
    print("wdfbench: \(error)")
    exit(1)
  }
}

/// Does one thing so many times, for `scripts/profile` to count its instructions; false if there is no
/// such thing.
private func repeatOnly(_ thing: String, _ count: Int) throws -> Bool {
  let subject = try Subject(.off)
  switch thing {
  case "request": try subject.live(count)
  case "pin": _ = try subject.look(count)
  default: return false
  }
  try subject.end()
  return true
}

/// One figure: what it may be, and how it is measured beside its peer.
private struct Row {
  let name: String
  /// Nanoseconds; nil: reported only.
  let limit: Double?
  let peer: (Int) -> UInt64
  let product: (Int) throws -> Void
}

private let roundCount = 5
private let callCount = 200_000

private func measureAll() throws -> Bool {
  guard let queue = peer_queue_make() else { return false }
  defer { peer_queue_free(queue) }
  let subject = try Subject(.off)
  let verified = try Subject(.on)
  let rows = [
    Row(
      name: "request: create, queue, retrieve, complete", limit: 1_000,
      peer: { peer_request_lives(queue, CInt($0)) }, product: subject.live),
    Row(
      name: "the same under --verifier", limit: nil,
      peer: { peer_request_lives(queue, CInt($0)) }, product: verified.live),
    Row(
      name: "pin: taken and left around a context", limit: 25,
      peer: { peer_references(CInt($0)) }, product: { _ = try subject.look($0) }),
    Row(
      name: "pin with a tag, as an open has", limit: nil,
      peer: { peer_references(CInt($0)) }, product: subject.hold),
  ]
  print("ns a call, median of \(roundCount) interleaved rounds of \(callCount) calls on one core")
  var holds = true
  for row in rows { holds = try measure(row) && holds }
  let allocations = try allocations(of: subject)
  print("\(allocations) allocations in 1,000 requests, at most 1,000 allowed")
  let expected = callCount * (roundCount + 1) + 2_000
  guard subject.completedCount == expected else {
    print("✘ \(subject.completedCount) of \(expected) requests completed")
    return false
  }
  try subject.end()
  try verified.end()
  return holds && allocations <= 1_000
}

private func measure(_ row: Row) throws -> Bool {
  var (peers, products, ratios) = ([Double](), [Double](), [Double]())
  try row.product(callCount)
  for _ in 0..<roundCount {
    let peer = try nanoseconds { _ = row.peer(callCount) }
    let product = try nanoseconds { try row.product(callCount) }
    peers.append(peer)
    products.append(product)
    ratios.append(product / peer)
  }
  let figure = median(products)
  let isWithin = row.limit.map { figure <= $0 } ?? true
  let verdict = row.limit.map { ", at most \(Int($0)): \(isWithin ? "holds" : "BROKEN")" } ?? ""
  print(
    "\(row.name): \(tenths(figure)) (C \(tenths(median(peers))), ratio \(tenths(median(ratios)))"
      + " [\(tenths(ratios.min() ?? 0))-\(tenths(ratios.max() ?? 0))])\(verdict)")
  return isWithin
}

private func nanoseconds(_ body: () throws -> Void) throws -> Double {
  let start = measure_nanoseconds()
  try body()
  return Double(measure_nanoseconds() - start) / Double(callCount)
}

/// Heap allocations of 1,000 requests, after as many that warmed up.
private func allocations(of subject: Subject) throws -> UInt64 {
  try subject.live(1_000)
  let before = measure_allocation_count()
  try subject.live(1_000)
  return measure_allocation_count() - before
}

private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

private func tenths(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
