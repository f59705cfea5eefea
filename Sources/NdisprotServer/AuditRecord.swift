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
      ("binding", quoted(binding)), ("rule", quoted(rule)),
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

/// A text in quotes: at most 200 characters, of which none can be mistaken for anything else.
private func quoted(_ text: String) -> String {
  "\"" + text.printable(200).replacing("\"", with: "'") + "\""
}

extension String {
  /// At most `limit` characters, none of which a terminal or a log would act on.
  ///
  /// - Source: threat T22
  func printable(_ limit: Int = 64) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in unicodeScalars.prefix(limit) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate,
        .unassigned:
        scalars.append("\u{FFFD}")
      default: scalars.append(scalar)
      }
    }
    return String(scalars)
  }
}

/// Keeps a client that is refused all the time from filling the log.
///
/// Each user has some denials a second; what comes beyond is counted and told with the next.
///
/// - Source: threat T22
struct DenialLimit: Sendable {
  private struct Window {
    var startedAt: UInt64
    var count = 0
    var suppressed: UInt64 = 0
  }

  static let perSecond = 10
  private static let maximumUserCount = 1_024
  private var windows: [UInt32: Window] = [:]

  /// Whether a denial of a user is told, and how many were not since the last.
  mutating func admits(_ userID: UInt32, nowNanoseconds now: UInt64) -> UInt64? {
    // Who has been quiet is forgotten, so that the table stays small.
    if windows.count >= DenialLimit.maximumUserCount {
      windows = windows.filter { now &- $0.value.startedAt < 1_000_000_000 }
    }
    var window = windows[userID] ?? Window(startedAt: now)
    if now &- window.startedAt >= 1_000_000_000 {
      window.startedAt = now
      window.count = 0
    }
    guard window.count < DenialLimit.perSecond else {
      window.suppressed &+= 1
      windows[userID] = window
      return nil
    }
    window.count += 1
    defer { windows[userID] = window }
    let suppressed = window.suppressed
    window.suppressed = 0
    return suppressed
  }
}
