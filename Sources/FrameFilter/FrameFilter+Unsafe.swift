internal import CLibpcapTypes
internal import Glibc

/// A filter in the syntax of pcap-filter(7), which this process applies to frames.
///
/// libpcap compiles it on a handle without an interface, and runs it on each frame as it is on the
/// wire, VLAN tags included. The library is loaded with the first filter.
///
/// - Thread: any
/// - Ownership: owns the compiled program
/// - Complexity: some nanoseconds per instruction; no allocation per frame
/// - Source: pcap-filter(7), pcap_compile(3PCAP), pcap_offline_filter(3PCAP)
@safe public final class FrameFilter: @unchecked Sendable {  // Never changed once it is compiled.
  // @unchecked: the program is written in `init` and only read afterwards.
  private var program = unsafe bpf_program()
  private let library: Libpcap

  /// Compiles an expression for Ethernet.
  ///
  /// - Throws: what is wrong with it, in libpcap's words
  public init(_ expression: String) throws(FrameFilterError) {
    library = try Libpcap.loaded()
    guard let handle = unsafe library.openDead(DLT_EN10MB, 262_144) else {
      throw .notCompiled("there is no memory for it")
    }
    defer { unsafe library.close(handle) }
    guard unsafe library.compile(handle, &program, expression, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
      let words = unsafe library.lastError(handle).map { unsafe String(cString: $0) }
      throw .notCompiled(words ?? "libpcap does not say why")
    }
    guard !asksKernel else {
      unsafe library.freeCode(&program)
      throw .asksKernel
    }
  }

  deinit { unsafe library.freeCode(&program) }

  /// The library's version text, such as "libpcap version 1.10.3 (…)"; nil if it is not installed.
  public static var libraryVersion: String? {
    guard let library = try? Libpcap.loaded(), let words = unsafe library.version() else {
      return nil
    }
    return unsafe String(cString: words)
  }

  /// Whether a frame passes.
  ///
  /// - Parameters:
  ///   - frame: the frame from its destination on
  ///   - originalLength: its length on the wire
  /// - Returns: false for a frame without bytes
  public func matches(_ frame: RawSpan, originalLength: UInt32) -> Bool {
    var header = pcap_pkthdr()
    header.caplen = UInt32(clamping: frame.byteCount)
    header.len = max(originalLength, UInt32(clamping: frame.byteCount))
    return unsafe frame.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      return unsafe library.run(&program, &header, base.assumingMemoryBound(to: UInt8.self)) != 0
    }
  }

  /// Whether the program uses what only the kernel knows of a frame: its direction, its interface.
  ///
  /// Such loads have offsets from SKF_AD_OFF on, which is -4096 as a signed number; on bytes alone
  /// they never match.
  private var asksKernel: Bool {
    for index in unsafe 0..<Int(program.bf_len) {
      let instruction = unsafe program.bf_insns[index]
      let isLoad = instruction.code & 7 <= 1
      let mode = Int32(instruction.code & 0xE0)
      if isLoad, mode == BPF_ABS || mode == BPF_IND, Int32(bitPattern: instruction.k) < 0 {
        return true
      }
    }
    return false
  }
}

/// The functions needed of libpcap, found by name when the library is first needed.
@safe private struct Libpcap: @unchecked Sendable {
  // @unchecked: addresses of functions, which are thread-safe in libpcap.
  typealias Version = @convention(c) () -> UnsafePointer<CChar>?
  typealias OpenDead = @convention(c) (Int32, Int32) -> OpaquePointer?
  typealias Compile =
    @convention(c) (
      OpaquePointer?, UnsafeMutablePointer<bpf_program>?, UnsafePointer<CChar>?, Int32, UInt32
    ) -> Int32
  typealias LastError = @convention(c) (OpaquePointer?) -> UnsafeMutablePointer<CChar>?
  typealias Close = @convention(c) (OpaquePointer?) -> Void
  typealias FreeCode = @convention(c) (UnsafeMutablePointer<bpf_program>?) -> Void
  typealias Run =
    @convention(c) (
      UnsafePointer<bpf_program>?, UnsafePointer<pcap_pkthdr>?, UnsafePointer<UInt8>?
    ) -> Int32

  let version: Version
  let openDead: OpenDead
  let compile: Compile
  let lastError: LastError
  let close: Close
  let freeCode: FreeCode
  let run: Run

  /// Debian's name, and that of other distributions.
  private static let names = ["libpcap.so.0.8", "libpcap.so.1"]
  private static let library: Libpcap? = Libpcap()

  static func loaded() throws(FrameFilterError) -> Libpcap {
    guard let library else { throw .noLibrary(names[0]) }
    return library
  }

  private init?() {
    let handle = unsafe Self.names.lazy.compactMap { unsafe dlopen($0, RTLD_NOW | RTLD_LOCAL) }
      .first
    guard let handle = unsafe handle,
      let version = unsafe dlsym(handle, "pcap_lib_version"),
      let openDead = unsafe dlsym(handle, "pcap_open_dead"),
      let compile = unsafe dlsym(handle, "pcap_compile"),
      let lastError = unsafe dlsym(handle, "pcap_geterr"),
      let close = unsafe dlsym(handle, "pcap_close"),
      let freeCode = unsafe dlsym(handle, "pcap_freecode"),
      let run = unsafe dlsym(handle, "pcap_offline_filter")
    else { return nil }
    unsafe self.version = unsafeBitCast(version, to: Version.self)
    unsafe self.openDead = unsafeBitCast(openDead, to: OpenDead.self)
    unsafe self.compile = unsafeBitCast(compile, to: Compile.self)
    unsafe self.lastError = unsafeBitCast(lastError, to: LastError.self)
    unsafe self.close = unsafeBitCast(close, to: Close.self)
    unsafe self.freeCode = unsafeBitCast(freeCode, to: FreeCode.self)
    unsafe self.run = unsafeBitCast(run, to: Run.self)
  }
}
