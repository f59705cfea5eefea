import NDIS

/// A header of the control channel as bytes, for messages that no client of ours would make.
///
/// - Shape: 40 bytes, little-endian; the offsets are the raw values of `Field`, in order
struct RawHeader {
  var version: UInt64 = 1
  var opcode: UInt64
  var flags: UInt32 = 0
  private var others: [Field: UInt64] = [.id: 77]

  init(opcode: UInt16) { self.opcode = UInt64(opcode) }

  /// A field by its name in the table.
  enum Field: String, CaseIterable {
    case version, opcode, flags, id, code, ndisStatus, errno, information, bytesNeeded, count

    /// Octets of the field.
    var octetCount: Int {
      switch self {
      case .version, .opcode: 2
      case .id: 8
      default: 4
      }
    }

    /// 0, 1, the limit, one more, 2^31, 2^32 - 1: what fits.
    var values: [UInt64] {
      let limit: UInt64 =
        switch self {
        case .version: 1
        case .opcode: 14
        case .flags, .ndisStatus, .errno, .bytesNeeded: 1
        case .id: UInt64.max - 1
        case .code: 0x12_C818
        case .information: 131_032
        case .count: 5_459
        }
      let all: [UInt64] = [0, 1, limit, limit + 1, 0x8000_0000, 0xFFFF_FFFF]
      return octetCount == 2 ? all.map { $0 & 0xFFFF } : all
    }
  }

  mutating func set(_ field: Field, to value: UInt64) {
    switch field {
    case .version: version = value
    case .opcode: opcode = value
    case .flags: flags = UInt32(truncatingIfNeeded: value)
    default: others[field] = value
    }
  }

  /// The 40 bytes.
  var hex: String {
    Field.allCases.map { field in
      let value =
        switch field {
        case .version: version
        case .opcode: opcode
        case .flags: UInt64(flags)
        default: others[field] ?? 0
        }
      return octets(of: value, count: field.octetCount)
    }.joined()
  }
}

/// A good example of each message, to be spoiled; the requests of the sample each.
///
/// - Shape: the opcode, and in the high byte which of its messages
enum RawMessage: UInt16, CaseIterable {
  case hello = 0
  case deviceControl = 1
  case open = 2
  case closeDevice = 3
  case read = 4
  case write = 5
  case readBatch = 6
  case writeBatch = 7
  case cancel = 8
  case subscribe = 9
  case enumerate = 11
  case statistics = 12
  case administration = 13
  case wait = 14
  case openDevice = 0x101
  case queryBinding = 0x201
  case bindWait = 0x301
  case setOID = 0x401
  case indicateStatus = 0x501

  var header: RawHeader {
    var header = RawHeader(opcode: rawValue & 0xFF)
    switch self {
    case .deviceControl, .queryBinding, .indicateStatus: header.set(.information, to: 64)
    case .read, .readBatch: header.set(.information, to: 2_048)
    case .writeBatch: header.set(.count, to: 2)
    default: break
    }
    if let code { header.set(.code, to: UInt64(code.rawValue)) }
    return header
  }

  /// The request of the sample.
  private var code: RequestCode? {
    switch self {
    case .openDevice: .openDevice
    case .deviceControl: .queryOIDValue
    case .queryBinding: .queryBinding
    case .bindWait: .bindWait
    case .setOID: .setOIDValue
    case .indicateStatus: .indicateStatus
    default: nil
    }
  }

  var payload: String {
    switch self {
    case .hello: "01000100" + "00000000" + "0000000000000000"
    case .deviceControl: "02010101" + "00000000"
    // A type that neither the canary nor another message uses.
    case .open:
      "01000000" + "00000000" + "00000000" + "00000000" + "0100" + "0300" + "b688" + "6e7030"
    case .closeDevice, .read, .readBatch, .bindWait, .indicateStatus: ""
    // No such interface.
    case .openDevice: "6e0070003800"
    case .queryBinding: String(repeating: "0", count: 40)
    case .setOID: "0e010100" + "00000000" + "0b000000"
    // The objects; only administrators get them.
    case .administration: "01000000" + "00000000" + "0000000000000000"
    case .write: RawMessage.record
    case .writeBatch: RawMessage.record + RawMessage.record
    case .cancel: "2a00000000000000"
    case .subscribe: "1800000000000000"
    case .enumerate: "0000000000000000"
    case .statistics: String(repeating: "0", count: 48)
    case .wait: "32000000" + "0100" + "0000" + "0300" + "6e7030"
    }
  }

  /// Bytes to put at an offset: as a number of two octets and as one of four.
  static func values(at offset: Int, of payload: String) -> [String] {
    let narrow: [UInt64] = [0, 1, 16, 17, 0x8000, 0xFFFF]
    let wide: [UInt64] = [0, 1, 1_518, 1_519, 131_072, 131_073, 1 << 31, (1 << 32) - 1]
    let hasRoom = 2 * (offset + 4) <= payload.count
    return narrow.map { octets(of: $0, count: 2) }
      + (hasRoom ? wide : []).map {
        octets(of: $0, count: 4)
      }
  }

  /// A frame of 20 bytes of type 0x88B5, as WRITE carries it.
  private static let record =
    "14000000" + "14000000" + "0000000000000000" + "00000000" + "00000000"
    + Frame.outward(type: "88b5", byteCount: 20) + "00000000"
}

/// One way to break the protocol.
enum Violation: String, CaseIterable {
  case shortHeader, wrongVersion, idZero, replyBit, unknownFlag, tooLong, oneDescriptor
  case manyDescriptors

  var message: String {
    var header = RawHeader(opcode: 11)
    let payload = "0000000000000000"
    switch self {
    case .shortHeader: return String(header.hex.prefix(78))
    case .wrongVersion: header.set(.version, to: 2)
    case .idZero: header.set(.id, to: 0)
    case .replyBit: header.set(.flags, to: 1)
    case .unknownFlag: header.set(.flags, to: 0x8000_0000)
    case .tooLong: return header.hex + String(repeating: "00", count: 131_033)
    case .oneDescriptor, .manyDescriptors: break
    }
    return header.hex + payload
  }

  var descriptorCount: Int {
    switch self {
    case .oneDescriptor: 1
    case .manyDescriptors: 253
    default: 0
    }
  }
}

extension String {
  /// Hex with other octets at an offset; what reaches over the end is cut.
  func replacing(atOctet offset: Int, with octets: String) -> String {
    let start = prefix(2 * offset)
    return String((start + octets + dropFirst(2 * offset + octets.count)).prefix(count))
  }
}

private func octets(of value: UInt64, count: Int) -> String {
  let low = littleEndian(UInt32(truncatingIfNeeded: value))
  let high = littleEndian(UInt32(truncatingIfNeeded: value >> 32))
  return String((low + high).prefix(2 * count))
}
