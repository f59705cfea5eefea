public import Platform

/// Why reading of a capture file cannot continue.
public enum CaptureFileError: Error, Hashable, Sendable {
  /// The bytes at this offset are not valid there.
  case malformed(offset: UInt64, Defect)
  /// The file ends within a block or frame that begins at this offset.
  case truncated(offset: UInt64)
  /// The bytes cannot be read.
  case unreadable(SystemError)

  /// What is wrong with a file.
  public enum Defect: Hashable, Sendable {
    /// It begins neither as pcapng nor as pcap.
    case notCaptureFile
    /// An unsupported version.
    case version(major: UInt16, minor: UInt16)
    /// A section with an unknown byte order.
    case byteOrder(UInt32)
    /// A block with an impossible length.
    case blockLength(UInt32)
    /// The length after a block differs from the one before it.
    case blockEnd(UInt32)
    /// A frame that does not fit its block, or exceeds every limit.
    case frameLength(UInt32)
    /// A frame of an interface that was not described.
    case interface(UInt32)
    /// An option that does not fit its block.
    case option(UInt16)
  }

  /// The position of the error; nil if reading failed.
  public var offset: UInt64? {
    switch self {
    case .malformed(let offset, _), .truncated(let offset): offset
    case .unreadable: nil
    }
  }

  /// The error in words, without the name of the file.
  public var words: String {
    switch self {
    case .truncated(let offset): "it ends inside of what begins at offset \(offset)"
    case .unreadable(let error): error.text
    case .malformed(let offset, let defect): "\(defect.words) at offset \(offset)"
    }
  }
}

extension CaptureFileError.Defect {
  fileprivate var words: String {
    switch self {
    case .notCaptureFile: "there is neither pcapng nor pcap"
    case .version(let major, let minor): "version \(major).\(minor), which is not known,"
    case .byteOrder(let magic): "0x\(String(magic, radix: 16)) instead of a byte order"
    case .blockLength(let length): "a block of \(length) bytes, which cannot be,"
    case .blockEnd(let length): "\(length) instead of the length of the block before"
    case .frameLength(let length): "a frame of \(length) bytes, which cannot be,"
    case .interface(let index): "a frame of interface \(index), which is not described,"
    case .option(let code): "option \(code), longer than its block,"
    }
  }
}
