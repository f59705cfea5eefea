internal import NDIS

/// The payload of ADMINISTRATION: a request of an administrator.
///
/// - Shape: `[command u32][zero u32]`, then what the command needs
///   ```
///   1 objects   [cursor u64]                             16 bytes
///   2 trace     [cursor u64][recording u32][zero u32]    24 bytes
///   3 pause     [interfaceIndex u32][zero u32]           16 bytes
///   4 restart   [interfaceIndex u32][zero u32]           16 bytes
///   5 reload                                          8 bytes
///   6 explain   `ExplainRequest`
///   7 status                                          8 bytes
///   8 close     `CloseRequest`                       24 bytes
///   ```
public enum AdministrationRequest: Hashable, Sendable {
  /// The objects of the framework, from a cursor on; 0 is the first page.
  case objects(cursor: UInt64)
  /// The events of the trace, from a sequence number on, after recording was started or stopped.
  case trace(cursor: UInt64, TraceRecording)
  /// Stops the frames of a binding, until it is restarted.
  case pause(interfaceIndex: UInt32)
  /// Lets the frames move again.
  case restart(interfaceIndex: UInt32)
  /// Reloads the configuration.
  case reload
  /// The decision about a user, a binding and an EtherType.
  case explain(ExplainRequest)
  /// The identity of the daemon, and what it uses.
  case status

  /// Closes sessions, or only their opens.
  case close(CloseRequest)

  /// The numbers of the commands; they are never reused.
  private enum Command: UInt32 {
    case objects = 1
    case trace = 2
    case pause = 3
    case restart = 4
    case reload = 5
    case explain = 6
    case status = 7
    case close = 8
  }

  /// Decodes a payload.
  public init(decoding payload: RawSpan) throws(DecodeError) {
    var reader = PayloadReader(payload)
    let command: UInt32 = try reader.integer()
    try reader.zeros(4)
    switch Command(rawValue: command) {
    case .objects: self = .objects(cursor: try reader.integer())
    case .trace:
      let cursor: UInt64 = try reader.integer()
      guard let recording = TraceRecording(rawValue: try reader.integer()) else {
        throw .invalidValue
      }
      try reader.zeros(4)
      self = .trace(cursor: cursor, recording)
    case .pause: self = .pause(interfaceIndex: try reader.paddedInteger())
    case .restart: self = .restart(interfaceIndex: try reader.paddedInteger())
    case .reload: self = .reload
    case .explain: self = .explain(try ExplainRequest(from: &reader))
    case .status: self = .status
    case .close: self = .close(try CloseRequest(from: &reader))
    case nil: throw .invalidValue
    }
    try reader.end()
  }

  /// The bytes of the payload.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(littleEndian: command.rawValue)
    bytes.append(zeros: 4)
    switch self {
    case .objects(let cursor): bytes.append(littleEndian: cursor)
    case .trace(let cursor, let recording):
      bytes.append(littleEndian: cursor)
      bytes.append(littleEndian: recording.rawValue)
      bytes.append(zeros: 4)
    case .pause(let index), .restart(let index):
      bytes.append(littleEndian: index)
      bytes.append(zeros: 4)
    case .reload, .status: break
    case .explain(let question): bytes.append(contentsOf: question.encoded)
    case .close(let wanted): bytes.append(contentsOf: wanted.encoded)
    }
    return bytes
  }

  private var command: Command {
    switch self {
    case .objects: .objects
    case .trace: .trace
    case .pause: .pause
    case .restart: .restart
    case .reload: .reload
    case .explain: .explain
    case .status: .status
    case .close: .close
    }
  }
}

extension PayloadReader {
  /// Reads 32 bits, followed by 32 zero bits.
  fileprivate mutating func paddedInteger() throws(DecodeError) -> UInt32 {
    let number: UInt32 = try integer()
    try zeros(4)
    return number
  }
}

/// How a request changes the recording of events.
public enum TraceRecording: UInt32, Sendable, CaseIterable {
  /// No change.
  case unchanged = 0
  /// Starts with an empty ring.
  case on = 1
  /// Stops; the ring keeps its events.
  case off = 2
}
