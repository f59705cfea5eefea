/// A message to the operator: a sentence for people, and fields for programs.
public struct LogRecord: Sendable {
  /// How important it is.
  public var level: LogLevel
  /// Cause and remedy, for people.
  public var text: String
  /// What happened, as a stable identifier; nil for what programs need not find.
  public var event: LogEvent?
  /// The interface it is about.
  public var binding: String?
  /// The client it is about, as `uid 1000 pid 4242`.
  public var client: String?

  /// Makes a record.
  public init(
    _ level: LogLevel, _ text: String, _ event: LogEvent? = nil, binding: String? = nil,
    client: String? = nil
  ) {
    self.level = level
    self.text = text
    self.event = event
    self.binding = binding
    self.client = client
  }
}

/// What happened, by the identifier that journald stores as MESSAGE_ID; none is ever reused.
///
/// - Shape: 32 hexadecimal digits
/// - Source: systemd.journal-fields(7)
public enum LogEvent: String, Sendable, CaseIterable {
  /// The daemon is ready.
  case ready = "96ede00b8bfa4cdd9383f93eb80d80f3"
  /// The daemon was asked to stop.
  case stopping = "83be6be3c5d7498ab6498aea88fc4ef7"
  /// The daemon cannot start, or did not shut down cleanly.
  case failed = "ba4f40d59b3b4cdfa1d34f271f73fb14"
  /// An interface was bound.
  case bound = "b5d58333f8a54967ad8fb04b304070b7"
  /// A bound interface is gone.
  case unbound = "5541d8512f2249ff940540378ee62164"
  /// An interface cannot be bound, or its handles cannot be opened.
  case refused = "48ff247f7f694e08b961db6cd24fea1b"
  /// A client broke the protocol.
  case violation = "ec060357bcc54ea58069a75a8d457527"
  /// A thread does not answer the watchdog.
  case stuck = "2da2a8d6e5e048e387f0d820be28fd2f"
}
