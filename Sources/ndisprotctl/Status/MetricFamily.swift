internal import NDIS

/// The text format of metrics.
///
/// - Source: Prometheus text format 0.0.4, which node_exporter reads; OpenMetrics 1.0
enum MetricFormat {
  /// HELP and TYPE have the name of the sample.
  case prometheus
  /// HELP, TYPE and UNIT have the name of the family, and `# EOF` ends the text.
  case openMetrics
}

/// Samples of one name.
struct MetricFamily {
  /// The kind of values.
  enum Kind {
    /// Only increases while the daemon runs; the name of a sample ends with `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// Labels carry the information; the value is 1, and the name ends with `_info`.
    case info
  }

  /// A label and its value, not escaped.
  typealias Label = (name: String, value: String)

  /// The name without the suffix of its kind.
  let name: String
  let kind: Kind
  /// One sentence.
  let help: String
  /// The base unit, with which the name ends; nil for plain counts.
  var unit: String?
  private var samples: [(labels: [Label], value: String)] = []

  init(_ name: String, _ kind: Kind, _ help: String, unit: String? = nil) {
    self.name = name
    self.kind = kind
    self.help = help
    self.unit = unit
  }

  /// A family of one sample.
  init(_ name: String, _ kind: Kind, _ help: String, unit: String? = nil, value: String) {
    self.init(name, kind, help, unit: unit)
    add([], value)
  }

  /// Whether it has no sample.
  var isEmpty: Bool { samples.isEmpty }

  mutating func add(_ labels: [Label], _ value: some CustomStringConvertible) {
    samples.append((labels, "\(value)"))
  }

  /// Its lines.
  func text(_ format: MetricFormat) -> String {
    let sample = name + suffix
    let title = format == .prometheus ? sample : name
    var text = "# HELP \(title) \(MetricFamily.escaped(help))\n"
    text += "# TYPE \(title) \(typeName(format))\n"
    if format == .openMetrics, let unit { text += "# UNIT \(title) \(unit)\n" }
    for (labels, value) in samples {
      let pairs = labels.map {
        "\($0.name)=\"\(MetricFamily.escaped($0.value.printable(), isQuoted: true))\""
      }
      let list = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
      text += "\(sample)\(list) \(value)\n"
    }
    return text
  }

  private var suffix: String {
    switch kind {
    case .counter: "_total"
    case .gauge: ""
    case .info: "_info"
    }
  }

  private func typeName(_ format: MetricFormat) -> String {
    switch kind {
    case .counter: "counter"
    case .gauge: "gauge"
    // Text format 0.0.4 has no such type.
    case .info: format == .openMetrics ? "info" : "gauge"
    }
  }

  /// A text in which the characters that end a string or a line are escaped.
  private static func escaped(_ value: String, isQuoted: Bool = false) -> String {
    var text = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": text += "\\\\"
      case "\"" where isQuoted: text += "\\\""
      case "\n": text += "\\n"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
