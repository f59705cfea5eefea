internal import CToml
internal import NDIS

extension ConfigurationValue {
  /// Parses a file; every value is copied, and no memory of the parser is kept.
  static func parse(
    _ file: ConfigurationText
  ) throws(ConfigurationProblem) -> ConfigurationValue {
    var error = ctoml_error()
    var text = file.text
    let parsed = text.withUTF8 { bytes in
      unsafe bytes.withMemoryRebound(to: CChar.self) {
        unsafe ctoml_parse($0.baseAddress, $0.count, &error)
      }
    }
    guard let document = unsafe parsed else {
      let cause = unsafe withUnsafeBytes(of: error.cause) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw ConfigurationProblem(
        file.path, ConfigurationPlace(error.place),
        cause.printable() + ". Mend it here or just before; ndisprotd.toml(5) shows the form")
    }
    defer { unsafe ctoml_free(document) }
    var count = 0
    let first = unsafe ctoml_nodes(document, &count)
    var rest = unsafe UnsafeBufferPointer(start: first, count: count)[...]
    return unsafe take(&rest).value
  }

  /// Converts a node, and those inside it; the document's own table has an empty key.
  private static func take(
    _ nodes: inout Slice<UnsafeBufferPointer<ctoml_node>>
  ) -> ConfigurationEntry {
    let node = unsafe nodes.removeFirst()
    let content: Content
    switch unsafe node.kind {
    case CTOML_TEXT: content = unsafe .text(String(node.text))
    case CTOML_NUMBER: content = unsafe .number(Int(node.number))
    case CTOML_FLAG: content = unsafe .flag(node.number != 0)
    case CTOML_LIST:
      content = unsafe .list((0..<node.child_count).map { _ in unsafe take(&nodes).value })
    case CTOML_TABLE:
      content = unsafe .table((0..<node.child_count).map { _ in unsafe take(&nodes) })
    default: content = .other
    }
    return unsafe ConfigurationEntry(
      key: String(node.key), place: ConfigurationPlace(node.key_place),
      value: ConfigurationValue(place: ConfigurationPlace(node.place), content: content))
  }
}

extension ConfigurationPlace {
  fileprivate init(_ place: ctoml_place) {
    self.init(line: Int(place.line), column: Int(place.column))
  }
}

extension String {
  fileprivate init(_ text: ctoml_text) {
    let bytes = unsafe UnsafeBufferPointer(start: text.bytes, count: text.length)
    self = unsafe bytes.withMemoryRebound(to: UInt8.self) {
      unsafe String(decoding: $0, as: UTF8.self)
    }
  }
}
