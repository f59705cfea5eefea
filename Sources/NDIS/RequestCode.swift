/// The codes of the sample's device control requests.
///
/// - Shape: (FILE_DEVICE_NETWORK 0x12 << 16) | (read and write 3 << 14) | (function << 2)
/// - Windows: IOCTL_NDISPROT_…, protuser.h
/// - Source: `Ndisprot.docc/Rules.md` section 4.1
public enum RequestCode: UInt32, Sendable, CaseIterable {
  /// Associates the session with a binding. In: the name, UTF-16LE, without NUL.
  case openDevice = 0x0012_C800
  /// `[OID u32][port u32][value …]`, in and out.
  case queryOIDValue = 0x0012_C804
  /// One binding by index: 20 bytes in, 20 and two strings out.
  case queryBinding = 0x0012_C80C
  /// Waits until the first bindings are settled, at most 5 s.
  case bindWait = 0x0012_C810
  /// `[OID u32][port u32][value …]`, in.
  case setOIDValue = 0x0012_C814
  /// One status indication, KMDF variant.
  case indicateStatus = 0x0012_C818
}
