// C7: received frames are collected in an array.
// error: does not conform to protocol 'Escapable'
import MDL

func check() throws {
  #if OK
    var all: [Int] = []
    receive { frame in all.append(frame.bytes.byteCount) }
    _ = all
  #else
    var all: [ReceivedFrame] = []
    receive { frame in all.append(frame) }
  #endif
}
