internal import CLibpcap
internal import CLinux
internal import Glibc
internal import NDIS

/// The direction of the frames of a capture handle.
enum CaptureDirection {
  /// Frames that the interface receives.
  case incoming
  /// Frames that this host sends.
  case outgoing
}

/// A program for SO_ATTACH_FILTER.
///
/// - Source: socket(7); libpcap's and the kernel's instructions have the same layout
struct FilterProgram {
  private let instructions: [sock_filter]

  /// Rejects every frame.
  static let rejectAll = FilterProgram([statement(BPF_RET | BPF_K, 0)])

  private init(_ instructions: [sock_filter]) { self.instructions = instructions }

  /// Compiles a filter for an activated handle.
  ///
  /// Outgoing frames are recognized by PACKET_OUTGOING, which no expression can test.
  init(
    _ filter: CaptureFilter, direction: CaptureDirection, handle: OpaquePointer
  ) throws(MiniportError) {
    var program: [sock_filter] = []
    if direction == .outgoing {
      let packetType = UInt32(bitPattern: Int32(SKF_AD_OFF) + Int32(SKF_AD_PKTTYPE))
      program.append(Self.statement(BPF_LD | BPF_B | BPF_ABS, packetType))
      program.append(
        sock_filter(
          code: UInt16(truncatingIfNeeded: BPF_JMP | BPF_JEQ | BPF_K), jt: 1, jf: 0,
          k: UInt32(PACKET_OUTGOING)))
      program.append(Self.statement(BPF_RET | BPF_K, 0))
    }
    switch filter {
    case .nothing: program = Self.rejectAll.instructions
    case .everything:
      let whole = UInt32(bitPattern: unsafe pcap_snapshot(handle))
      program.append(Self.statement(BPF_RET | BPF_K, whole))
    case .expression(let text): program += unsafe try Self.compile(text, handle)
    }
    instructions = program
  }

  private static func statement(_ code: Int32, _ operand: UInt32) -> sock_filter {
    sock_filter(code: UInt16(truncatingIfNeeded: code), jt: 0, jf: 0, k: operand)
  }

  private static func compile(
    _ text: String, _ handle: OpaquePointer
  ) throws(MiniportError) -> [sock_filter] {
    var program = unsafe bpf_program()
    guard unsafe pcap_compile(handle, &program, text, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
      throw unsafe MiniportError(code: PCAP_ERROR, handle: handle)
    }
    defer { unsafe pcap_freecode(&program) }
    let compiled = unsafe UnsafeBufferPointer(
      start: program.bf_insns, count: Int(program.bf_len))
    return unsafe compiled.map { sock_filter(code: $0.code, jt: $0.jt, jf: $0.jf, k: $0.k) }
  }

  /// Makes this the filter of a packet socket; each frame is judged by the old or the new one.
  func attach(to descriptor: Int32) throws(MiniportError) {
    var copy = instructions
    let result = unsafe copy.withUnsafeMutableBufferPointer { buffer in
      var program = unsafe sock_fprog(
        len: UInt16(clamping: buffer.count), filter: buffer.baseAddress)
      return unsafe setsockopt(
        descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program,
        socklen_t(MemoryLayout<sock_fprog>.size))
    }
    guard result == 0 else { throw MiniportError(failed: "setsockopt(SO_ATTACH_FILTER)") }
  }
}
