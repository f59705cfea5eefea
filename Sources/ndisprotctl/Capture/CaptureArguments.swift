internal import ArgumentParser
internal import CaptureFile
internal import FrameFilter

/// The format of a file: `pcapng` or `pcap`.
struct CaptureFormatArgument: ExpressibleByArgument {
  let format: CaptureFormat
  var defaultValueDescription: String { format.rawValue }

  init(_ format: CaptureFormat) { self.format = format }

  init?(argument: String) {
    guard let format = CaptureFormat(rawValue: argument) else { return nil }
    self.format = format
  }
}

/// The direction of the wanted frames.
enum FrameDirection: String, CaseIterable, ExpressibleByArgument {
  case inbound = "in"
  case outbound = "out"
  case both
}

/// A number of bytes: `1000000`, `100k`, `2M`, `1G`, in powers of 1000 as in dumpcap.
struct ByteCountArgument: ExpressibleByArgument {
  let byteCount: UInt64

  init?(argument: String) {
    let units: [Character: UInt64] = ["k": 1_000, "M": 1_000_000, "G": 1_000_000_000]
    let unit = argument.last.flatMap { units[$0] }
    guard let number = UInt64(unit == nil ? argument[...] : argument.dropLast()), number > 0
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit ?? 1)
    guard !overflow else { return nil }
    byteCount = product
  }
}

/// An expression in libpcap's syntax; it is compiled once, before anything is opened.
struct FilterArgument: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only frames that match, in the words of pcap-filter(7): 'ether src 02:00:00:00:00:01 and vlan 42'.",
      valueName: "expression"))
  var filter: String?

  /// The filter; nil without one.
  ///
  /// - Throws: `ValidationError` with libpcap's message
  func compiled() throws -> FrameFilter? {
    guard let filter else { return nil }
    do throws(FrameFilterError) {
      return try FrameFilter(filter)
    } catch {
      throw ValidationError(Self.sentence(error, filter))
    }
  }

  static func sentence(_ error: FrameFilterError, _ filter: String) -> String {
    switch error {
    case .notCompiled(let words):
      "the filter '\(filter)' does not compile: \(words). Write it as pcap-filter(7) says"
    case .asksKernel:
      "the filter '\(filter)' asks for a direction or an interface, which no frame carries. Write "
        + "'use --direction in, out or both', and name the interface as BINDING"
    case .noLibrary(let name):
      "filters need libpcap, and there is no \(name). Write: apt-get install libpcap0.8"
    }
  }
}
