public import Platform

/// Why a capture file cannot be read any further.
public enum CaptureFileError: Error, Hashable, Sendable {
  /// What stands at this offset of the file is not what belongs there.
  case malformed(offset: UInt64, Defect)
  /// The file ends inside of a block or frame that begins at this offset.
  case truncated(offset: UInt64)
  /// The bytes cannot be had.
  case unreadable(SystemError)

  /// What is wrong with a file.
  public enum Defect: Hashable, Sendable {
    /// It begins neither as pcapng nor as pcap.
    case notCaptureFile
    /// A version that this does not read.
    case version(major: UInt16, minor: UInt16)
    /// A section whose byte order cannot be known.
    case byteOrder(UInt32)
    /// A block whose length cannot be.
    case blockLength(UInt32)
    /// The length behind a block is not the one in front of it.
    case blockEnd(UInt32)
    /// A frame that does not fit its block, or is longer than any.
    case frameLength(UInt32)
    /// A frame of an interface that was not described.
    case interface(UInt32)
    /// An option that does not fit its block.
    case option(UInt16)
  }

  /// Where it is wrong; nil where reading failed.
  public var offset: UInt64? {
    switch self {
    case .malformed(let offset, _), .truncated(let offset): offset
    case .unreadable: nil
    }
  }

  /// The words for it, without the name of the file.
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
