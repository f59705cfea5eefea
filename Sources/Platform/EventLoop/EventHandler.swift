internal import CLinux

/// The events that a descriptor is watched for, or that occurred.
///
/// - Source: epoll_ctl(2)
public struct Interest: OptionSet, Hashable, Sendable {
  /// The bits, which differ from epoll's.
  public let rawValue: UInt8

  /// Wraps any bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Readable, or end of file (EPOLLIN).
  public static let read = Interest(rawValue: 1)
  /// Writable (EPOLLOUT).
  public static let write = Interest(rawValue: 2)
  /// The peer hung up (EPOLLHUP, and EPOLLRDHUP if requested).
  public static let hangUp = Interest(rawValue: 4)
  /// An error is pending on the descriptor (EPOLLERR); always reported.
  public static let error = Interest(rawValue: 8)

  var epollMask: UInt32 {
    var mask: UInt32 = 0
    if contains(.read) { mask |= EPOLLIN.rawValue }
    if contains(.write) { mask |= EPOLLOUT.rawValue }
    if contains(.hangUp) { mask |= EPOLLRDHUP.rawValue }
    return mask
  }

  init(epollMask mask: UInt32) {
    var events: Interest = []
    if mask & EPOLLIN.rawValue != 0 { events.insert(.read) }
    if mask & EPOLLOUT.rawValue != 0 { events.insert(.write) }
    if mask & (EPOLLHUP.rawValue | EPOLLRDHUP.rawValue) != 0 { events.insert(.hangUp) }
    if mask & EPOLLERR.rawValue != 0 { events.insert(.error) }
    self = events
  }
}

/// Is called when a descriptor is ready.
public protocol EventHandler: AnyObject {
  /// The descriptor is ready: level-triggered, so an unhandled event is reported again in the next
  /// turn.
  ///
  /// `hangUp` and `error` are reported whether requested or not; a handler that neither consumes
  /// them nor unregisters is called in every turn.
  ///
  /// - Thread: the loop's
  func ready(_ events: Interest)
}

/// Works at the end of each turn, after the handlers of all ready descriptors.
public protocol TurnHandler: AnyObject {
  /// The turn has ended.
  ///
  /// - Thread: the loop's
  /// - Returns: whether another turn should follow at once, without waiting
  func turnEnded() -> Bool
}

/// One descriptor in one loop, until it is unregistered.
///
/// The generation distinguishes it from later users of the same slot: an event of a removed
/// registration is dropped, even if it is already in the current batch.
///
/// - Shape: as epoll's data: `generation << 32 | slot`
public struct Registration: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32

  init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }

  init(epollData: UInt64) {
    slot = UInt32(truncatingIfNeeded: epollData)
    generation = UInt32(truncatingIfNeeded: epollData >> 32)
  }

  var epollData: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

  /// A slot that the table never uses: the loop's own wake-up descriptor.
  static let wakeUp = Registration(slot: .max, generation: 0)
}
