internal import NDIS
internal import NdisprotServer

/// The destination of audit records: next to the log, independent of its level.
///
/// In the journal each field has its own name, and MESSAGE_ID identifies the event; elsewhere the
/// sentence and its fields are one line of standard error.
///
/// - Thread: any; never blocks
struct AuditStream: Sendable {
  private let journal: Journal?

  init(_ journal: Journal?) { self.journal = journal }

  /// Writes one record.
  func write(_ record: AuditRecord) {
    guard let journal else {
      StandardError.write(record.line.printable())
      return
    }
    var entry = JournalRecord()
    entry.add("MESSAGE", record.text)
    entry.add("MESSAGE_ID", record.event.messageID)
    entry.add("PRIORITY", "\(record.event.priority)")
    entry.add("SYSLOG_IDENTIFIER", "ndisprotd")
    entry.add("NDISPROT_EVENT", record.event.rawValue)
    for field in record.fields {
      entry.add("NDISPROT_" + AuditStream.journalName(of: field.key), field.value)
    }
    journal.write(entry, line: record.line)
  }

  /// `txRejectedPolicy` as `TX_REJECTED_POLICY`.
  static func journalName(of key: String) -> String {
    key.reduce(into: "") { name, character in
      if character.isUppercase { name.append("_") }
      name += character.uppercased()
    }
  }
}
