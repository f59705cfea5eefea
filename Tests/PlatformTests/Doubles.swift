import Glibc
import Platform
import TestSupport

/// A handler made of a closure.
final class ClosureHandler: EventHandler {
  let body: (Interest) -> Void
  init(_ body: @escaping (Interest) -> Void) { self.body = body }
  func ready(_ events: Interest) { body(events) }
}

/// A turn handler made of a closure.
final class ClosureTurnHandler: TurnHandler {
  let body: () -> Bool
  init(_ body: @escaping () -> Bool) { self.body = body }
  func turnEnded() -> Bool { body() }
}

/// Two connected sockets; closes what is still open.
final class SocketPair {
  let near: Int32
  private(set) var far: Int32

  init() {
    var pair: [Int32] = [-1, -1]
    let result = socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair)
    precondition(result == 0)
    near = pair[0]
    far = pair[1]
  }
  deinit {
    close(near)
    closeFar()
  }

  func makeNearReadable() { _ = write(far, "x", 1) }
  func readNear() {
    var byte: UInt8 = 0
    _ = read(near, &byte, 1)
  }
  func closeFar() {
    if far >= 0 { close(far) }
    far = -1
  }
}

/// A value the loop's thread fills and the test reads after joining it.
final class Box<Value>: @unchecked Sendable {
  var value: Value
  init(_ value: Value) { self.value = value }
}

extension EventLoop {
  /// Turns without waiting, so many times.
  func turns(_ count: Int) {
    for _ in 0..<count { turn(waitingAtMost: 0) }
  }

  /// Turns until the condition holds, or a minute has gone by.
  func turns(until condition: () -> Bool) {
    let end = monotonicNanoseconds() + Patience.nanoseconds
    while !condition(), monotonicNanoseconds() < end { turn(waitingAtMost: 10_000_000) }
  }
}
