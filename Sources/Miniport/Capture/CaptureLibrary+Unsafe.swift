internal import CLibpcap

/// The libpcap that this process runs with.
public enum CaptureLibrary {
  /// Its name and version: `libpcap version 1.10.3 (with TPACKET_V3)`.
  ///
  /// - Source: pcap_lib_version(3PCAP)
  public static var version: String { unsafe String(cString: pcap_lib_version()) }
}
