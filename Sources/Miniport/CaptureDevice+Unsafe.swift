internal import CLibpcap
internal import CLinux
internal import Glibc
internal import NDIS

/// How an interface is named towards libpcap, so that its name selects no other module than the one
/// for packet sockets.
///
/// libpcap asks its modules for Bluetooth, USB, netfilter and D-Bus first whether a name is theirs,
/// and `any` is all interfaces. Which names those are it alone knows; what it made of one is seen by
/// what it lets be asked of the handle, and by the socket in the end.
///
/// - Source: pcap_create(3PCAP), libpcap's pcap.c
enum CaptureDevice {
  /// Bytes of a name that an ioctl takes, the NUL apart.
  static let longestName = 15

  /// The strings to try, best first, NUL-terminated.
  ///
  /// The kernel cuts a name at a colon, where an alias once began, and libpcap does not: with one at
  /// its end `usbmon0:` is no USB bus any more and still the interface. The alternative names are
  /// the interface's, too.
  static func candidates(for name: [CChar], _ alternatives: [[UInt8]]) -> [[CChar]] {
    let bare = name.prefix { $0 != 0 }
    var all = [Array(bare) + [0]]
    if bare.count < longestName { all.append(Array(bare) + [CChar(UInt8(ascii: ":")), 0]) }
    let short = alternatives.filter { $0.count <= longestName }
    return all + short.map { $0.map { CChar(bitPattern: $0) } + [0] }
  }

  /// Makes a handle, if libpcap means to open a packet socket for it.
  ///
  /// - Returns: nil if the name is another module's: only packet sockets have times in nanoseconds
  static func create(_ device: [CChar]) -> OpaquePointer? {
    var words = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = unsafe pcap_create(device, &words) else { return nil }
    guard unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO) == 0 else {
      unsafe pcap_close(handle)
      return nil
    }
    return unsafe handle
  }

  /// Names that libpcap's netfilter module takes with a colon behind them, too.
  private static let netfilterNames = ["nflog", "nfqueue"].map { Array($0.utf8) }

  /// Whether an interface can be opened under one of its names, as far as names tell; asks the kernel,
  /// and may wait for it.
  ///
  /// libpcap is not asked: a handle that it creates for a packet socket keeps a descriptor for ever
  /// unless it is activated. A name that it takes for yet another source shows when it is opened.
  static func canOpen(_ index: Int32) -> Bool {
    // One that is gone, or that cannot be asked about, is not refused for its name.
    guard let name = try? KernelInterface.name(index) else { return true }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    guard netfilterNames.contains(bytes) else { return true }
    return KernelInterface.alternativeNames(index).contains { other in
      other.count <= longestName && !netfilterNames.contains(other)
    }
  }

  /// A name as people read it.
  static func text(_ name: [CChar]) -> String {
    InterfaceName(bytes: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })?.description ?? ""
  }
}
