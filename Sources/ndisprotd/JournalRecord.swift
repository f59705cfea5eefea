/// One entry of the journal, in the format of journald's socket.
///
/// - Shape: `KEY=value\n` for a value of one line, else `KEY\n[length u64 LE]value\n`
/// - Source: systemd's "Native Journal Protocol"; systemd.journal-fields(7)
struct JournalRecord {
  private(set) var encoded: [UInt8] = []

  /// Adds a field; a key consists of capital letters, digits and `_`.
  mutating func add(_ key: String, _ value: String) {
    encoded += key.utf8
    let bytes = Array(value.utf8)
    if bytes.contains(UInt8(ascii: "\n")) {
      encoded.append(UInt8(ascii: "\n"))
      let count = UInt64(bytes.count)
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        encoded.append(UInt8(truncatingIfNeeded: count >> shift))
      }
    } else {
      encoded.append(UInt8(ascii: "="))
    }
    encoded += bytes
    encoded.append(UInt8(ascii: "\n"))
  }
}
