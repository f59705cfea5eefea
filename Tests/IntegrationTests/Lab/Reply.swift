import NDIS

/// A reply as the Python client read it.
struct Reply: Decodable {
  let opcode: UInt16
  let id: Int
  let ntStatus: UInt32
  let ndisStatus: UInt32
  let errno: UInt32
  let information: Int
  let bytesNeeded: Int
  let count: Int
  let payload: String
  let records: [Record]?
  let statuses: [[UInt32]]?
  let bindings: [Binding]?
  let objects: [CounterObject]?
  /// Whether STATISTICS has another page.
  let hasMore: Bool?
  let granted: Grant?

  /// A frame that was read.
  struct Record: Decodable {
    let bytes: String
    let originalLength: Int
    let timestamp: UInt64
    let flags: UInt32
    /// Frames lost in front of it, for a session that asked for that.
    let lostBefore: UInt32
    let padding: String
  }

  /// A row of ENUMERATE.
  struct Binding: Decodable {
    let interfaceIndex: Int
    let name: String
    let description: String
    let state: UInt32
    let link: UInt32
    let power: UInt32
    let mtu: Int
    let opens: Int
    let address: String
  }

  /// An event, which is no reply.
  struct Event: Decodable {
    let sequence: Int
    let lost: Int
    let timestamp: UInt64
    let kind: UInt32
    let changes: Int
    let binding: Binding?

    /// What it tells of.
    var eventKind: EventKind? { EventKind(rawValue: kind) }
  }

  /// An object of STATISTICS.
  struct CounterObject: Decodable {
    let kind: UInt32
    let interfaceIndex: Int
    let id: Int
    let name: String
    let values: [String: UInt64]

    /// One counter; 0 if the object does not have it.
    subscript(counter: Counter) -> UInt64 { values["\(counter.rawValue)"] ?? 0 }
  }

  /// What an OPEN was given.
  struct Grant: Decodable {
    let mode: UInt32
    let flags: UInt32
    let queueBytes: Int
    let interfaceIndex: Int
    let mtu: Int
    let address: String
    let etherTypes: [UInt16]
    let name: String
  }

  /// How the request ended.
  var status: CompletionStatus {
    CompletionStatus(
      NTStatus(rawValue: ntStatus), NDISStatus(rawValue: ndisStatus),
      Int32(truncatingIfNeeded: errno))
  }

  /// The frames that a read returned, as hex.
  var frames: [String] { records?.map(\.bytes) ?? [] }

  /// The payload, little-endian, as one number; only for the short ones.
  var number: UInt64 {
    var value: UInt64 = 0
    for pair in octets.reversed() { value = value << 8 | UInt64(pair) }
    return value
  }

  /// The payload's bytes.
  var octets: [UInt8] {
    var result: [UInt8] = []
    var rest = payload[...]
    while let octet = UInt8(rest.prefix(2), radix: 16) {
      result.append(octet)
      rest = rest.dropFirst(2)
    }
    return result
  }
}
