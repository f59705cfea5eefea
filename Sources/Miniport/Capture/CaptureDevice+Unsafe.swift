internal import CLibpcap
internal import CLinux
internal import Glibc
internal import NDIS

/// How to pass the name of an interface to libpcap, so that it selects no other module than the one
/// for packet sockets.
///
/// libpcap first asks its modules for Bluetooth, USB, netfilter and D-Bus whether a name is theirs,
/// and `any` means all interfaces. Only libpcap knows which names those are. What it made of one is
/// visible in what it allows to be queried from the handle, and finally in the socket.
///
/// - Source: pcap_create(3PCAP), libpcap's pcap.c
enum CaptureDevice {
  /// The length of the names that an ioctl accepts, without the NUL.
  static let longestName = 15

  /// The strings to try, best first, NUL-terminated.
  ///
  /// The kernel cuts a name at a colon, where an alias once began, and libpcap does not: with a
  /// colon at its end `usbmon0:` is no USB bus any more and still the interface. The alternative
  /// names belong to the interface, too.
  static func candidates(for name: [CChar], _ alternatives: [[UInt8]]) -> [[CChar]] {
    let bare = name.prefix { $0 != 0 }
    var all = [Array(bare) + [0]]
    if bare.count < longestName { all.append(Array(bare) + [CChar(UInt8(ascii: ":")), 0]) }
    let short = alternatives.filter { $0.count <= longestName }
    return all + short.map { $0.map { CChar(bitPattern: $0) } + [0] }
  }

  /// Creates a handle, if libpcap is going to open a packet socket for it.
  ///
  /// - Returns: nil if the name belongs to another module: only packet sockets have times in
  ///   nanoseconds
  static func create(_ device: [CChar]) -> OpaquePointer? {
    var words = [CChar](repeating: 0, count: Int(PCAP_ERRBUF_SIZE))
    guard let handle = unsafe pcap_create(device, &words) else { return nil }
    guard unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO) == 0 else {
      unsafe pcap_close(handle)
      return nil
    }
    return unsafe handle
  }

  /// Names that libpcap's netfilter module accepts even with a colon after them.
  private static let netfilterNames = ["nflog", "nfqueue"].map { Array($0.utf8) }

  /// Whether an interface can be opened under one of its names, as far as names tell; queries the
  /// kernel, and may block.
  ///
  /// libpcap is not asked: unless it is activated, a handle that it creates for a packet socket
  /// leaks a descriptor. A name that it takes for yet another source is detected when it is opened.
  static func canOpen(_ index: Int32) -> Bool {
    // An interface that is gone, or cannot be queried, is not refused because of its name.
    guard let name = try? KernelInterface.name(index) else { return true }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    guard netfilterNames.contains(bytes) else { return true }
    return KernelInterface.alternativeNames(index).contains { other in
      other.count <= longestName && !netfilterNames.contains(other)
    }
  }

  /// A name for people.
  static func text(_ name: [CChar]) -> String {
    InterfaceName(bytes: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })?.description ?? ""
  }
}
