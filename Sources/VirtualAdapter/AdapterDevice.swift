internal import NDIS
internal import Platform

/// Where the frames of an adapter come out and go in, outside of its namespace.
///
/// - Thread: the pump's
protocol AdapterDevice: AnyObject {
  /// Readable when the program has sent something.
  var descriptor: Int32 { get }

  /// Gives the program a frame; 0, or an errno.
  func write(_ frame: RawSpan) -> Int32

  /// Takes a frame of the program's.
  ///
  /// - Returns: how many bytes, 0 if there is none, -errno if one is lost
  func read(into room: inout MutableRawSpan) -> Int

  /// Shows the program a cable that is plugged in, or not.
  func setCarrier(_ isOn: Bool)

  /// Lets frames of this MTU pass.
  func setMTU(_ mtu: UInt32)

  /// Frames of the program for which there was no room, since the last call.
  func takeLosses() -> UInt64
}

extension AdapterDevice {
  /// Throws frames of the program away, at most so many; how many there were.
  func discard(limit: Int) -> UInt64 {
    let room = FrameRoom()
    var count: UInt64 = 0
    while count < limit, room.take(read) > 0 { count += 1 }
    return count
  }
}
