import Testing

@testable import ndisprotctl

@Suite("MetricFamily")
struct MetricFamilyTests {
  @Test("a counter: the name of the sample in 0.0.4, that of the family in OpenMetrics")
  func counter() {
    var family = MetricFamily("ndisprot_rx_bytes", .counter, "Bytes \\ and\nmore.", unit: "bytes")
    family.add([("interface", "eth\"0\\"), ("user", "a\u{1B}b")], 7)
    #expect(
      family.text(.prometheus) == """
        # HELP ndisprot_rx_bytes_total Bytes \\\\ and\\nmore.
        # TYPE ndisprot_rx_bytes_total counter
        ndisprot_rx_bytes_total{interface="eth\\"0\\\\",user="a\u{FFFD}b"} 7

        """)
    #expect(
      family.text(.openMetrics) == """
        # HELP ndisprot_rx_bytes Bytes \\\\ and\\nmore.
        # TYPE ndisprot_rx_bytes counter
        # UNIT ndisprot_rx_bytes bytes
        ndisprot_rx_bytes_total{interface="eth\\"0\\\\",user="a\u{FFFD}b"} 7

        """)
  }

  @Test("an info is a gauge of 1 where the format has no such type")
  func info() {
    var family = MetricFamily("ndisprot_build", .info, "The version.")
    family.add([("version", "1")], 1)
    #expect(family.text(.prometheus).contains("# TYPE ndisprot_build_info gauge\n"))
    #expect(family.text(.openMetrics).contains("# TYPE ndisprot_build info\n"))
    for format in [MetricFormat.prometheus, .openMetrics] {
      #expect(family.text(format).hasSuffix("\nndisprot_build_info{version=\"1\"} 1\n"))
    }
  }
}
