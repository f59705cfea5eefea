internal import Platform
public import Synchronization

/// The part of the daemon a trace event comes from.
public enum TraceComponent: UInt8, Sendable, CaseIterable {
  case wdf, ndis, send, receive, control
}

/// An event in the trace.
public struct TraceEvent: Sendable {
  /// Counts the events since recording began.
  public let sequence: UInt64
  /// Nanoseconds on the monotonic clock.
  public let nanoseconds: UInt64
  /// The kernel's id of the thread.
  public let threadID: Int32
  /// The part of the daemon.
  public let component: TraceComponent
  /// The name of the event.
  public let name: StaticString
  /// The object concerned, if any.
  public let object: ObjectID?
  /// A number by which the driver can filter events, such as an interface index; 0 is none.
  public let scope: UInt32
  /// Two numbers whose meaning depends on the name.
  public let first: UInt64
  /// See ``first``.
  public let second: UInt64
}

/// The last 4,096 events.
///
/// While it is off, a call site costs one branch.
public final class TraceRing: Sendable {
  /// The number of events that are kept.
  public static let capacity = 4096

  private struct State {
    var events: [TraceEvent] = []
    var sequence: UInt64 = 0
  }

  @usableFromInline let isRecording = Atomic<Bool>(false)
  private let state = LockedValue(State())

  init() {}

  /// Whether events are recorded.
  @inlinable public var isOn: Bool { isRecording.load(ordering: .relaxed) }

  /// Begins recording with an empty ring.
  public func start() {
    state.withLock { $0 = State() }
    isRecording.store(true, ordering: .relaxed)
  }

  /// Stops recording; the ring keeps its events.
  public func stop() { isRecording.store(false, ordering: .relaxed) }

  /// Records an event if the ring is on.
  ///
  /// - Parameters:
  ///   - component: the part of the daemon
  ///   - name: the name of the event
  ///   - object: the object concerned, if any
  ///   - scope: a number to filter events by; 0 is none
  ///   - first: a number whose meaning depends on the name
  ///   - second: another
  @inlinable
  public func record(
    _ component: TraceComponent, _ name: StaticString, _ object: @autoclosure () -> ObjectID? = nil,
    scope: @autoclosure () -> UInt32 = 0, _ first: UInt64 = 0, _ second: UInt64 = 0
  ) {
    if isOn { keep(component, name, object(), scope(), first, second) }
  }

  @usableFromInline
  func keep(
    _ component: TraceComponent, _ name: StaticString, _ object: ObjectID?, _ scope: UInt32,
    _ first: UInt64, _ second: UInt64
  ) {
    let (nanoseconds, threadID) = (monotonicNanoseconds(), SystemThread.currentID)
    state.withLock { state in
      let event = TraceEvent(
        sequence: state.sequence, nanoseconds: nanoseconds, threadID: threadID,
        component: component, name: name, object: object, scope: scope, first: first,
        second: second)
      if state.events.count < Self.capacity {
        state.events.append(event)
      } else {
        state.events[Int(state.sequence % UInt64(Self.capacity))] = event
      }
      state.sequence &+= 1
    }
  }

  /// The events in the ring, oldest first.
  public var events: [TraceEvent] {
    state.withLock { $0.events }.sorted { $0.sequence < $1.sequence }
  }
}

extension Framework {
  /// The ring of the last events.
  public var traceRing: TraceRing { trace }
}
