internal import NDIS
internal import Ndisprot

/// One fact about who uses which interface, for whoever has to account for it.
///
/// - Shape: one line of `key=value`; a text is quoted and printable, whatever a client sent
public struct AuditRecord: Sendable {
  /// What happened.
  public enum Event: String, Sendable {
    /// An open was made.
    case open
    /// An open was refused by the policy.
    case denied
    /// A reload changed what an open may do.
    case changed
    /// An open ended.
    case close
  }

  /// What happened.
  public let event: Event
  /// The fields, in order.
  public let fields: [(key: String, value: String)]

  init(_ event: Event, _ client: Credentials, binding: String, rule: String) {
    self.event = event
    fields = [
      ("uid", "\(client.userID)"), ("pid", "\(client.processID)"),
      ("binding", quoted(binding, 64)), ("rule", quoted(rule, 1_000)),
    ]
  }

  private init(_ event: Event, _ fields: [(key: String, value: String)]) {
    self.event = event
    self.fields = fields
  }

  /// The record with one more field that is a number or a word.
  func with(_ key: String, _ value: some CustomStringConvertible) -> AuditRecord {
    AuditRecord(event, fields + [(key, "\(value)")])
  }

  /// The record with one more field that is a text.
  func with(_ key: String, text: String) -> AuditRecord {
    AuditRecord(event, fields + [(key, quoted(text))])
  }

  /// The record as a line of the log.
  public var line: String {
    "audit: event=\(event.rawValue)" + fields.map { " \($0.key)=\($0.value)" }.joined()
  }
}

/// A text in quotes: cut to `limit` characters, none of which can be mistaken for anything else.
private func quoted(_ text: String, _ limit: Int = 200) -> String {
  "\"" + text.printable(limit).replacing("\"", with: "'") + "\""
}
