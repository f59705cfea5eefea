internal import NDIS
internal import Ndisprot

/// One fact about a user and an interface, for the audit log.
///
/// The daemon writes it at every log level. People read `text`; programs read the fields, which
/// journald stores as `NDISPROT_…`; elsewhere they follow the text in brackets.
///
/// - Shape: printable, one line, whatever a client sent
/// - Source: threat T22
public struct AuditRecord: Sendable {
  /// What happened, with the identifier that journald stores as MESSAGE_ID; none is ever reused.
  public enum Event: String, Sendable, CaseIterable {
    /// An open was made.
    case open
    /// The access policy or a limit refused something.
    case denied
    /// A reload changed what an open may do.
    case changed
    /// An open ended.
    case close
    /// An administrator changed the daemon's state.
    case administered

    /// 32 hexadecimal digits.
    public var messageID: String {
      switch self {
      case .open: "94d87f39e0364de6ad436ae2171931a4"
      case .denied: "5cd31bdb2b8847889b4037cb9ce35aa0"
      case .changed: "de8f3758bf594c198f3e94bb1e8d87f9"
      case .close: "a5b4aa9d9c504125828e867f950f1811"
      case .administered: "aeb912979f5d40a09518be17c003bb5e"
      }
    }

    /// The level as syslog(3) numbers it: notice for denials, else information.
    public var priority: Int { self == .denied ? 5 : 6 }
  }

  /// One field: a name in lower case, and a text.
  public struct Field: Sendable {
    /// The name, such as `uid`; `NDISPROT_UID` in the journal.
    public let key: String
    /// Printable.
    public let value: String
    /// Whether it is free text, which is quoted where fields follow one another.
    let isText: Bool
  }

  /// What happened.
  public let event: Event
  /// The fields, in order.
  public private(set) var fields: [Field]
  /// The operation, with its binding and EtherTypes.
  private let deed: String
  private let outcome: String

  /// Makes a record.
  ///
  /// - Parameters:
  ///   - event: what happened
  ///   - client: the user and program
  ///   - operation: what the client did or wanted, such as `open` or `write`
  ///   - binding: the name of the interface; nil if there is none
  ///   - etherTypes: the types of the frames, if that is known
  ///   - rule: the rules that decided; `-` if none did
  ///   - outcome: the result, or why it was refused
  init(
    _ event: Event, _ client: ClientIdentity, operation: String, binding: InterfaceName? = nil,
    etherTypes: EtherTypeSet? = nil, rule: String = "-", outcome: String
  ) {
    self.event = event
    self.outcome = outcome.printable(600)
    let name = binding.map { $0.text.printable(64) }
    let isNamed = event == .denied || event == .administered
    let words = [isNamed ? operation : nil, name, etherTypes.map { $0.text(\.title) }]
    deed = "\(client.title) " + words.compactMap { $0 }.joined(separator: " ")
    fields = []
    add("uid", client.credentials.userID)
    add("pid", client.credentials.processID)
    add("user", text: client.user ?? "\(client.credentials.userID)")
    if !client.command.isEmpty { add("comm", text: client.command) }
    add("operation", text: operation)
    add("binding", text: name ?? "-")
    add("rule", text: rule)
  }

  private mutating func add(_ key: String, _ value: some CustomStringConvertible) {
    fields.append(Field(key: key, value: "\(value)", isText: false))
  }

  private mutating func add(_ key: String, text: String) {
    fields.append(
      Field(key: key, value: text.printable(1_000).replacing("\"", with: "'"), isText: true))
  }

  /// The record with one more field that is a number or a word.
  func with(_ key: String, _ value: some CustomStringConvertible) -> AuditRecord {
    var record = self
    record.add(key, value)
    return record
  }

  /// The record with one more field that is a text.
  func with(_ key: String, text: String) -> AuditRecord {
    var record = self
    record.add(key, text: text)
    return record
  }

  /// The sentence: `denied: netuser (1001, wpa_supplicant 203) open eth0 eapol: no rule names
  /// netuser`.
  public var text: String { "\(event.rawValue): \(deed): \(outcome)" }

  /// The sentence and the fields, for logs other than the journal.
  public var line: String {
    let pairs = fields.map { $0.isText ? "\($0.key)=\"\($0.value)\"" : "\($0.key)=\($0.value)" }
    return "audit: \(text) [event=\(event.rawValue) \(pairs.joined(separator: " "))]"
  }
}

extension EtherTypeSet {
  /// The types, each formatted by the caller, separated by commas.
  func text(_ word: (UInt16) -> String) -> String {
    if isAny { return "any" }
    if isEmpty { return "none" }
    return values.map(word).joined(separator: ",")
  }
}

extension UInt16 {
  /// An EtherType by its name if it has one, else by its number.
  var title: String { EtherTypeName.name(of: self) ?? hexType }

  /// An EtherType by its number; `llc` for frames with a length.
  var hexType: String {
    self == EtherTypeSet.llcValue ? "llc" : "0x" + String(self, radix: 16)
  }
}
