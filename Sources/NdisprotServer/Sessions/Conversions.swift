internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import WDF

// Converts the terms of the control channel to those of the driver and the framework, and back.

extension RequestParameters {
  /// The parameters of a message, in the framework's terms.
  ///
  /// No reply exceeds the longest message, whatever room the client claims to have.
  init(_ header: MessageHeader) {
    let type: RequestType
    var code: UInt32 = 0
    switch Opcode(rawValue: header.opcode) {
    case .read: type = .read
    case .readBatch:
      type = .read
      code = RequestParameters.batchCode
    case .write: type = .write
    case .writeBatch:
      type = .write
      code = RequestParameters.batchCode
    case .deviceControl:
      type = .deviceControl
      code = header.code
    default:
      type = .other
      code = UInt32(header.opcode)
    }
    self.init(
      type: type, code: code, id: header.id,
      outputByteCount: min(Int(header.information), MessageHeader.maximumPayloadByteCount),
      count: header.count)
  }

  /// Whether it is a read or a write, which the quota `requests` counts.
  var isTransfer: Bool { type == .read || type == .write }

  /// The opcode passed to `init(_:)`.
  var opcode: UInt16 {
    let isBatch = code == RequestParameters.batchCode
    return switch type {
    case .read: (isBatch ? Opcode.readBatch : .read).rawValue
    case .write: (isBatch ? Opcode.writeBatch : .write).rawValue
    case .deviceControl: Opcode.deviceControl.rawValue
    default: UInt16(truncatingIfNeeded: code)
    }
  }
}

extension MessageHeader {
  /// The header of the reply to a request.
  init(replyTo parameters: RequestParameters) {
    self.init(opcode: parameters.opcode, id: parameters.id)
    flags = MessageHeader.replyFlag
  }

  /// Records how the request ended.
  mutating func setStatus(_ status: CompletionStatus) {
    code = status.ntStatus.rawValue
    ndisStatus = status.ndisStatus.rawValue
    errno = UInt32(bitPattern: status.errno)
  }
}

extension OpenOptions {
  /// The options of a client's OPEN; a `compat` open is exclusive, too.
  init(_ request: OpenRequest) {
    self.init(
      mode: request.flags.contains(.compat) ? .exclusive : request.mode, flags: request.flags,
      queueByteCount: Int(request.queueByteCount), waitMilliseconds: request.waitMilliseconds,
      etherTypes: request.etherTypes)
  }
}

extension BindingEntry {
  /// One binding as ENUMERATE shows it.
  init(_ look: AdapterBinding.Snapshot, names: Names? = nil) {
    self.init(
      interfaceIndex: UInt32(bitPattern: look.attributes.interfaceIndex), state: look.state,
      link: look.attributes.link, isPowered: look.isPowered, mtu: look.attributes.mtu,
      openCount: UInt32(clamping: look.openCount), address: look.attributes.address,
      name: look.attributes.name.text, description: look.attributes.description, names: names)
  }
}

extension BindingEntry.Names {
  /// What the kernel reports about an interface; its master may be gone already.
  init(_ attributes: AdapterAttributes, _ list: BindingList) {
    let master = list.name(ofInterface: attributes.details.masterIndex)
    self.init(
      kind: attributes.details.kind ?? "", master: master?.text ?? "",
      alternativeNames: attributes.alternativeNames.map(\.text))
  }
}
