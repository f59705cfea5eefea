internal import FrameDecoding
internal import NdisprotClient

/// Prints frames, one line or one object each.
///
/// - Thread: one
final class FramePrinter {
  /// The output format of a frame.
  enum Form {
    case text
    case json
    /// These fields, separated by tabs, for scripts.
    case fields([String])
  }

  private let form: Form
  /// Whether a dump of the bytes follows the line.
  private let hasDump: Bool
  /// The most bytes of a frame that are shown.
  private let byteLimit: Int?
  private let time: FrameTime
  private let interface: String
  /// Whether there are several: then lines and objects say which one.
  private let isOneOfSeveral: Bool
  private var previous: UInt64?

  init(
    _ form: Form, hasDump: Bool = false, byteLimit: Int? = nil, time: FrameTime = .day,
    interface: String, isOneOfSeveral: Bool = false
  ) {
    self.form = form
    self.hasDump = hasDump
    self.byteLimit = byteLimit
    self.time = time
    self.interface = interface
    self.isOneOfSeveral = isOneOfSeveral
  }

  /// Prints a frame.
  func print(_ record: RecordReader.Record, to output: StandardOutput) {
    let shown = min(byteLimit ?? .max, record.frame.byteCount)
    var header = record.header
    if shown < record.frame.byteCount { header.flags.insert(.truncated) }
    let bytes = record.frame.extracting(first: shown)
    // The decoded header does not depend on how many bytes are shown.
    let decoded = FrameDecoder.decode(record.frame, originalLength: header.originalLength)
    switch form {
    case .json: printJSON(header, bytes, decoded, to: output)
    case .fields(let names):
      output.writeLine(
        names.map { field($0, header, bytes, decoded).printable() }.joined(separator: "\t"))
    case .text: output.writeLine(line(header, decoded))
    }
    previous = header.timestamp
    if hasDump, !isJSON { HexDump.write(bytes, to: output) }
  }

  private var isJSON: Bool {
    if case .json = form { true } else { false }
  }

  private func printJSON(
    _ header: FrameRecord, _ bytes: RawSpan, _ decoded: DecodedFrame, to output: StandardOutput
  ) {
    output.writeLine { line in
      line += "{\"event\":\"frame\",\"timestampNanoseconds\":\(header.timestamp)".utf8
      line += ",\"timestampNanosecondsText\":\"\(header.timestamp)\"".utf8
      line += ",\"length\":\(bytes.byteCount),\"originalLength\":\(header.originalLength)".utf8
      line += ",\"flags\":\(header.flags.rawValue),\"bytes\":\"".utf8
      for offset in bytes.byteOffsets {
        line.append(hex: unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
      }
      line += "\"".utf8
      line += decoded.json(binding: isOneOfSeveral ? interface : nil).utf8
      line += "}".utf8
    }
  }

  /// Time, interface, length, source > destination, EtherType, tags, protocol, its fields, flags.
  private func line(_ header: FrameRecord, _ decoded: DecodedFrame) -> String {
    var parts = [time.text(header.timestamp, after: previous)]
    if isOneOfSeveral { parts.append(interface.printableName) }
    parts.append("\(header.originalLength)")
    if let source = decoded.source, let destination = decoded.destination {
      parts.append("\(source) > \(destination)")
    }
    // Filters and rules take the number too, so it is shown with the name.
    if let type = decoded.etherType.map(FrameDecoder.hexText), type != decoded.protocolName {
      parts.append(type)
    }
    for tag in decoded.tags {
      parts.append("vlan \(tag.vlan) priority \(tag.priority)")
      if tag.isDropEligible { parts.append("drop-eligible") }
    }
    parts.append(decoded.protocolName)
    for field in decoded.fields {
      let text = field.value.text
      parts.append(field.name + "=" + (text.contains(" ") ? "\"\(text)\"" : text))
    }
    if decoded.isCut { parts.append("(cut)") }
    if let fault = decoded.fault { parts.append("MALFORMED: \(fault)") }
    let flags = Self.names(of: header.flags)
    if !flags.isEmpty { parts.append(flags.joined(separator: ",")) }
    return parts.joined(separator: " ")
  }

  /// The names that `field` accepts besides `PROTOCOL.FIELD`.
  static let fieldNames = [
    "time", "binding", "length", "src", "dst", "ethertype", "vlan", "priority", "protocol", "flags",
    "malformed", "bytes",
  ]

  private func field(
    _ name: String, _ header: FrameRecord, _ bytes: RawSpan, _ decoded: DecodedFrame
  ) -> String {
    switch name {
    case "time": time.text(header.timestamp, after: previous)
    case "binding": interface
    case "length": "\(header.originalLength)"
    case "src": decoded.source?.description ?? ""
    case "dst": decoded.destination?.description ?? ""
    case "ethertype": decoded.etherType.map { FrameDecoder.hexText($0) } ?? ""
    case "vlan": decoded.tags.map { "\($0.vlan)" }.joined(separator: ",")
    case "priority": decoded.tags.map { "\($0.priority)" }.joined(separator: ",")
    case "protocol": decoded.protocolName
    case "flags": Self.names(of: header.flags).joined(separator: ",")
    case "malformed": decoded.fault ?? ""
    case "bytes":
      bytes.byteOffsets.reduce(into: [UInt8]()) {
        $0.append(hex: unsafe bytes.unsafeLoad(fromByteOffset: $1, as: UInt8.self))
      }.text
    default:
      name.hasPrefix(decoded.protocolName + ".")
        ? decoded[String(name.dropFirst(decoded.protocolName.utf8.count + 1))]?.text ?? "" : ""
    }
  }

  /// The names of the flags, in the order of their bits.
  static func names(of flags: FrameRecord.Flags) -> [String] {
    let all: [(FrameRecord.Flags, String)] = [
      (.truncated, "truncated"), (.outgoing, "outgoing"), (.looped, "looped"),
      (.tagPutBack, "tag-put-back"), (.hardwareTime, "hardware-time"),
    ]
    return all.filter { flags.contains($0.0) }.map(\.1)
  }

  /// The local time of day, to the microsecond.
  static func timeOfDay(_ nanoseconds: UInt64) -> String {
    FrameTime.day.text(nanoseconds, after: nil)
  }
}

extension [UInt8] {
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}

extension DecodedFrame {
  /// The members of a JSON object, each preceded by a comma.
  fileprivate func json(binding: String?) -> String {
    var line = JSONLine()
    if let binding { line.add("binding", binding) }
    if let source { line.add("src", source.description) }
    if let destination { line.add("dst", destination.description) }
    if let etherType { line.add("ethertype", etherType) }
    if let tag = tags.first {
      line.add("vlan", tag.vlan)
      line.add("priority", tag.priority)
    }
    if tags.count > 1 {
      line.add("innerVlan", tags[1].vlan)
      line.add("innerPriority", tags[1].priority)
    }
    line.add("protocol", protocolName)
    var members = JSONLine()
    for field in fields {
      switch field.value {
      case .text(let text): members.add(field.name.camelCase, text)
      case .number(let number): members.add(field.name.camelCase, number)
      }
    }
    line.add("fields", members)
    if let fault { line.add("malformed", fault) }
    if isCut { line.add("cut", raw: "true") }
    return "," + line.closed.dropFirst().dropLast()
  }
}

extension String {
  /// `sender-ip` as `senderIp`.
  fileprivate var camelCase: String {
    let words = split(separator: "-")
    return words.dropFirst().reduce(String(words.first ?? "")) {
      $0 + $1.prefix(1).uppercased() + $1.dropFirst()
    }
  }
}
