/// The operation of a message.
///
/// The raw value is part of the control channel's protocol; numbers are never reused.
///
/// - Source: `NdisprotControl.docc/Protocol.md`
public enum Opcode: UInt16, Sendable, CaseIterable {
  /// The first message of a session: versions and features.
  case hello = 0
  /// A request of the sample, with the sample's code and bytes.
  case deviceControl = 1
  /// Opens a binding.
  case open = 2
  /// Closes the session's open; the session stays.
  case closeDevice = 3
  /// Reads one frame.
  case read = 4
  /// Writes one frame.
  case write = 5
  /// Reads as many frames as are queued and fit.
  case readBatch = 6
  /// Writes several frames; each gets a status.
  case writeBatch = 7
  /// Cancels a pended request.
  case cancel = 8
  /// Subscribes to events.
  case subscribe = 9
  /// An event: the one message that is not a reply.
  case event = 10
  /// Lists bindings.
  case enumerate = 11
  /// Lists counters.
  case statistics = 12
  /// A request for administrators.
  case administration = 13
  /// Waits until interfaces are bound: BIND_WAIT with a list of names.
  case wait = 14
}

/// The versions of the control channel.
public enum ProtocolVersion {
  /// The version that this module implements.
  public static let current: UInt16 = 1
}
