internal import CLinux
internal import Glibc
internal import NDIS
internal import NdisprotClient
internal import Platform

/// A TAP device: reads what a program sends on the interface, and writes what it receives.
///
/// - Thread: one at a time
/// - Ownership: closes the descriptor at the end, which deletes the interface
/// - Source: the kernel's tun.rst
final class TapDevice: AdapterDevice {
  static let path = "/dev/net/tun"

  let descriptor: Int32

  /// Takes ownership of an open device.
  init(owning descriptor: Int32) { self.descriptor = descriptor }

  /// Creates an interface in the namespace of the calling process.
  init(_ plan: AdapterPlan) throws(AdapterError) {
    descriptor = unsafe open(Self.path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw .step(.device, SystemError(failed: "open")) }
    let name = plan.name.bytes.map { CChar(bitPattern: $0) } + [0]
    guard unsafe clinux_make_tap(descriptor, name, plan.interfaceIndex) == 0 else {
      throw .step(.interface, SystemError(failed: "TUNSETIFF"))
    }
  }

  deinit { close(descriptor) }

  /// Why this process cannot open the device; nil if it can.
  static var obstacle: SystemError? {
    let descriptor = unsafe open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return SystemError(failed: "open") }
    close(descriptor)
    return nil
  }

  func setCarrier(_ isOn: Bool) { _ = clinux_set_tap_carrier(descriptor, isOn) }

  /// The program's interface is the device itself.
  func setMTU(_ mtu: UInt32) {}

  /// Always 0: the program gets ENOBUFS instead.
  func takeLosses() -> UInt64 { 0 }

  func write(_ frame: RawSpan) -> Int32 {
    unsafe frame.withUnsafeBytes { bytes in
      while unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) < 0 {
        if errno != EINTR { return errno }
      }
      return 0
    }
  }

  func read(into room: inout MutableRawSpan) -> Int {
    unsafe room.withUnsafeMutableBytes { bytes in
      while true {
        let count = unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
        if count >= 0 { return count }
        if errno != EINTR { return errno == EAGAIN ? 0 : -Int(errno) }
      }
    }
  }
}
