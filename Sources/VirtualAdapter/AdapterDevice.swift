internal import NDIS
internal import Platform

/// The outer end of an adapter, outside its namespace.
///
/// - Thread: the pump's
protocol AdapterDevice: AnyObject {
  /// Readable when the program has sent a frame.
  var descriptor: Int32 { get }

  /// Delivers a frame to the program; 0, or an errno.
  func write(_ frame: RawSpan) -> Int32

  /// Reads a frame of the program.
  ///
  /// - Returns: the number of bytes, 0 if there is none, -errno if one is lost
  func read(into room: inout MutableRawSpan) -> Int

  /// Sets the carrier that the program sees.
  func setCarrier(_ isOn: Bool)

  /// Allows frames of this MTU.
  func setMTU(_ mtu: UInt32)

  /// Frames of the program that were lost for lack of room, since the last call.
  func takeLosses() -> UInt64
}

extension AdapterDevice {
  /// Drops frames of the program, up to a limit; returns their number.
  func discard(limit: Int) -> UInt64 {
    let room = FrameRoom()
    var count: UInt64 = 0
    while count < limit, room.take(read) > 0 { count += 1 }
    return count
  }
}
