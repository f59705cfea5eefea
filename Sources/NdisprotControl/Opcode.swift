/// What a message asks, or answers.
///
/// The raw value goes over the control channel; numbers are never reused.
///
/// - Source: `NdisprotControl.docc/Protocol.md`
public enum Opcode: UInt16, Sendable, CaseIterable {
  /// The first message of a session: versions and features.
  case hello = 0
  /// A request of the sample, with the sample's code and bytes.
  case deviceControl = 1
  /// Opens a binding.
  case open = 2
  /// Closes what the session has open; the session stays.
  case closeDevice = 3
  /// One frame in.
  case read = 4
  /// One frame out.
  case write = 5
  /// As many frames in as there are and as fit.
  case readBatch = 6
  /// Several frames out, each with a status.
  case writeBatch = 7
  /// Cancels a pended request.
  case cancel = 8
  /// Asks for events.
  case subscribe = 9
  /// An event: the one message that answers nothing.
  case event = 10
  /// Lists bindings.
  case enumerate = 11
  /// Lists counters.
  case statistics = 12
  /// What administrators ask.
  case administration = 13
  /// Waits until bindings are there: BIND_WAIT with a list of names.
  case wait = 14
}

/// The versions of the control channel.
public enum ProtocolVersion {
  /// The one that this module speaks.
  public static let current: UInt16 = 1
}
