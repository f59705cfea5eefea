internal import ArgumentParser
internal import Glibc
internal import NdisprotClient
internal import Platform

/// The content of the frames of `write` or `echo`.
enum FrameContent {
  /// Bytes that count up from 0, this many with the header.
  case counting(Int)
  /// These bytes after a header.
  case payload([UInt8])
  /// A frame as it is.
  case whole([UInt8])

  /// The longest payload that is read.
  private static let payloadLimit = 131_000 - 14

  /// Reads what the options name, standard input included.
  init(_ arguments: FrameArguments) throws {
    if let digits = arguments.frameHex {
      self = .whole(try Self.frame(digits))
    } else if let digits = arguments.payloadHex {
      guard let bytes = HexText.bytes(digits) ?? (digits.isEmpty ? [] : nil) else {
        throw ValidationError(Self.objection("--payload-hex", digits))
      }
      self = .payload(bytes)
    } else if let path = arguments.payload {
      self = .payload(try Self.bytes(of: path, byteLimit: Self.payloadLimit))
    } else {
      self = .counting(arguments.length ?? 100)
    }
  }

  private static func frame(_ digits: String) throws -> [UInt8] {
    var text = digits
    if digits == "-" {
      text = String(decoding: try bytes(of: "-", byteLimit: 4 * payloadLimit), as: UTF8.self)
    }
    guard let bytes = HexText.bytes(text) else {
      throw ValidationError(objection("--frame-hex", text))
    }
    guard bytes.count >= EthernetHeader.untaggedByteCount else {
      throw ValidationError(
        "a frame of \(bytes.count) bytes has no whole header. Write 28 digits or more: destination, "
          + "source, EtherType")
    }
    return bytes
  }

  /// Reads a file, or standard input for `-`.
  private static func bytes(of path: String, byteLimit: Int) throws -> [UInt8] {
    let name = path == "-" ? "standard input" : "the file \(path.printable())"
    do throws(SystemError) {
      return try FileBytes.read(path, byteLimit: byteLimit)
    } catch {
      throw ValidationError(
        error.errno == EFBIG
          ? "\(name) has more than \(byteLimit) bytes. Write the path of a shorter one"
          : "\(name) cannot be read: \(error.words). Write another one")
    }
  }

  private static func objection(_ option: String, _ text: String) -> String {
    "'\(String(text.prefix(20)).printable())' is no even number of hexadecimal digits. "
      + "Write \(option) 01a0ff; spaces and colons between the digits are passed over"
  }

  /// The EtherType of a whole frame, as an open names it; nil for frames that are generated.
  var etherType: UInt16? {
    guard case .whole(let bytes) = self,
      let type = unsafe MDLSpan(bytes.span.bytes).ethernetHeader?.etherType
    else { return nil }
    return type < 0x0600 ? EtherTypeSet.llcValue : type
  }

  /// The frame that is written.
  func frame(_ arguments: FrameArguments, _ type: UInt16, for binding: OpenBinding) -> [UInt8] {
    let destination = arguments.destination?.address ?? binding.address
    let source = arguments.source?.address ?? binding.address
    switch self {
    case .whole(let bytes): return bytes
    case .payload(let payload):
      return FrameTemplate.bytes(
        destination: destination, source: source, etherType: type, payload: payload)
    case .counting(let byteCount):
      return FrameTemplate.bytes(
        destination: destination, source: source, etherType: type, byteCount: byteCount)
    }
  }
}

/// Hexadecimal digits of a frame or a payload, as pasted by people.
enum HexText {
  /// The bytes; nil for anything but an even number of digits.
  ///
  /// Spaces, line breaks, colons and hyphens between the digits are ignored.
  static func bytes(_ text: String) -> [UInt8]? {
    let start = text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : text[...]
    let digits = start.filter { !$0.isWhitespace && $0 != ":" && $0 != "-" }
      .map { $0.isASCII ? $0.hexDigitValue : nil }
    guard !digits.isEmpty, digits.count % 2 == 0, !digits.contains(nil) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(truncatingIfNeeded: (digits[$0] ?? 0) << 4 | (digits[$0 + 1] ?? 0))
    }
  }
}
