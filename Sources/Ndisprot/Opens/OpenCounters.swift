public import NDIS

/// What an open has counted on the way to the wire (law D4).
///
/// - Thread: the binding's thread
struct TransmitCounters {
  var submitted: UInt64 = 0
  var rejectedInvalid: UInt64 = 0
  var rejectedPolicy: UInt64 = 0
  var rejectedRate: UInt64 = 0
  var rejectedState: UInt64 = 0
  var sent: UInt64 = 0
  var sentBytes: UInt64 = 0
  var errNobufs: UInt64 = 0
  var errNetdown: UInt64 = 0
  var errGone: UInt64 = 0
  var errToolong: UInt64 = 0
  var errOther: UInt64 = 0
  var cancelled: UInt64 = 0

  /// Counts the end of one frame.
  mutating func count(_ status: CompletionStatus) {
    switch status {
    case .success: sent &+= 1
    case .sourceMismatch, .notPermitted: rejectedPolicy &+= 1
    case .rateExceeded: rejectedRate &+= 1
    case .paused, .lowPower, .linkDown, .bindingGone, .adapterRemoved:
      rejectedState &+= 1
    case .sendCancelled: cancelled &+= 1
    case .noBuffers: errNobufs &+= 1
    default: rejectedInvalid &+= 1
    }
  }

  /// Counts a frame that the kernel refused.
  mutating func count(_ failure: SendFailure) {
    switch failure {
    case .wouldBlock, .noBuffers: errNobufs &+= 1
    case .tooLong: errToolong &+= 1
    case .netDown: errNetdown &+= 1
    case .gone: errGone &+= 1
    case .other: errOther &+= 1
    }
  }
}

/// One object of a statistics answer.
public struct CounterSet: Sendable {
  /// What the counters belong to.
  public enum Kind: UInt32, Sendable {
    /// A binding.
    case binding = 1
    /// An open of it.
    case open = 2
    /// A session.
    case session = 3
    /// The daemon as a whole.
    case daemon = 4
    /// A limit on what clients hold.
    case limit = 5
    /// A user on an interface, or a user's sessions.
    case user = 16
    /// A reason to deny something.
    case denial = 17
  }

  /// What the counters belong to.
  public var kind: Kind
  /// Whose it is; nil for a binding.
  public var userID: UInt32?
  /// The interface, 0 for a session without an open.
  public var interfaceIndex: Int32
  /// A number that is unique among objects of its kind.
  public var id: UInt64
  /// The interface's name, or the client.
  public var name: String
  /// The counters, each once.
  public var values: [(Counter, UInt64)]

  /// Makes a set.
  public init(
    kind: Kind, userID: UInt32? = nil, interfaceIndex: Int32, id: UInt64, name: String,
    values: [(Counter, UInt64)]
  ) {
    self.kind = kind
    self.userID = userID
    self.interfaceIndex = interfaceIndex
    self.id = id
    self.name = name
    self.values = values
  }
}
