public import MDL
public import NDIS

/// The edge below a binding, played by a test: what a wire cannot be made to do on demand.
///
/// Frames are delivered by `deliver`; sends are recorded, and fail as the script says.
///
/// - Thread: the test's
public final class ScriptedMiniport: MiniportAdapter {
  /// Every frame that was sent, in order.
  public private(set) var sent: [[UInt8]] = []
  /// What the next sends meet, one entry each; an empty script takes everything.
  public var script: [SendProgress] = []
  /// How activations end, one entry each; an empty script lets each succeed.
  public var activationScript: [MiniportError?] = []
  /// What `open` throws, once.
  public var openError: MiniportError?
  /// What `bypassQdisc` throws, each time.
  public var bypassError: MiniportError?
  /// What `update` throws, once.
  public var updateError: MiniportError?
  /// Whether activations wait for `finishActivation`.
  public var holdsActivations = false
  /// The activation that waits.
  private var pendingActivation:
    (configuration: CaptureConfiguration, completion: (MiniportError?) -> Void)?
  /// How often activations began.
  public private(set) var activationCount = 0
  /// How often handles were closed.
  public private(set) var deactivationCount = 0
  /// Whether the send socket is there.
  public private(set) var isOpen = false
  /// Another interface has the index now.
  public var isReplaced = false
  /// The configuration that is in force.
  public private(set) var configuration: CaptureConfiguration?
  /// How often the driver asked to hear when sending is possible again.
  public private(set) var sendPossibleRequests = 0
  /// Whoever takes the frames.
  public private(set) weak var handler: ReceiveHandler?
  /// A call of the driver that is under way.
  public enum Call: Sendable, CaseIterable {
    case open, activate, update, send, deactivate, close
  }
  /// What happens in the middle of a call.
  public var during: (Call) -> Void = { _ in }
  /// How often frames were handed to `send`.
  public private(set) var sendCount = 0
  /// How often the driver asked for the end of a dispatch; frames that follow are delivered anyway.
  public private(set) var stoppedDispatches = 0
  /// What the kernel says of the MTU.
  public var currentMTU: UInt32?
  /// What its rings hold.
  public var ring = CaptureRing()
  /// What the driver is told that the kernel counted.
  public var statistics: CaptureStatistics {
    get {
      readings += 1
      return counted
    }
    set { counted = newValue }
  }
  private var counted = CaptureStatistics()
  /// How often the counters were read.
  public private(set) var readings = 0

  /// Makes a miniport that is not active.
  public init() {}

  /// Whether a configuration is in force.
  public var isActive: Bool { configuration != nil }

  /// Notes who takes the frames, or fails as the test said.
  public func open(handler: ReceiveHandler) throws(MiniportError) {
    if let error = openError.take() { throw error }
    self.handler = handler
    isOpen = true
    during(.open)
  }

  /// How often frames were made to skip the queueing discipline.
  public private(set) var bypassCount = 0

  /// Counts, or fails as the test said.
  public func bypassQdisc() throws(MiniportError) {
    bypassCount += 1
    if let bypassError { throw bypassError }
  }

  /// Takes the configuration, or fails as the test said, at once or when the test says.
  public func activate(
    _ configuration: CaptureConfiguration, completion: @escaping (MiniportError?) -> Void
  ) {
    precondition(isOpen && pendingActivation == nil, "an activation at the wrong time")
    activationCount += 1
    pendingActivation = (configuration, completion)
    during(.activate)
    if !holdsActivations { finishActivation() }
  }

  /// Whether an activation waits.
  public var isActivating: Bool { pendingActivation != nil }

  /// Ends the activation that waits; nothing happens if it was given up.
  public func finishActivation() {
    guard let (configuration, completion) = pendingActivation else { return }
    pendingActivation = nil
    let error = activationScript.isEmpty ? nil : activationScript.removeFirst()
    if error == nil { self.configuration = configuration }
    completion(error)
  }

  /// The handle captures no more.
  public func fail(_ error: MiniportError) { handler?.captureFailed(error) }

  /// Follows the opens.
  public func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) throws(MiniportError) {
    if let error = updateError.take() { throw error }
    configuration?.etherTypes = etherTypes
    if !includesOutgoing { configuration?.includesOutgoing = false }
    during(.update)
  }

  /// What `checkPriority` throws, each time.
  public var priorityError: MiniportError?
  /// The priority of each frame that was sent, in order.
  public private(set) var priorities: [UInt8] = []

  /// Fails as the test said.
  public func checkPriority(_ priority: UInt8) throws(MiniportError) {
    if let priorityError { throw priorityError }
  }

  /// Records what the script lets through.
  public func send(_ frames: MDLChain, priority: UInt8) -> SendProgress {
    sendCount += 1
    var all: [[UInt8]] = []
    frames.span.forEachRegion { region in
      all.append(
        (0..<region.byteCount).map { region.unsafeLoad(fromByteOffset: $0, as: UInt8.self) })
    }
    let progress =
      script.isEmpty
      ? SendProgress(sentCount: all.count, failure: nil) : script.removeFirst()
    let count = min(progress.sentCount, all.count)
    sent += all.prefix(count)
    priorities += Array(repeating: priority, count: count)
    during(.send)
    return SendProgress(
      sentCount: count, failure: count == all.count ? nil : progress.failure)
  }

  /// Counts the question; the test answers through `handler`.
  public func notifyWhenSendPossible() { sendPossibleRequests += 1 }

  /// Forgets the configuration, and gives up an activation that waits.
  public func deactivate(completion: @escaping () -> Void) {
    during(.deactivate)
    deactivationCount += 1
    pendingActivation = nil
    configuration = nil
    completion()
  }

  /// Forgets the send socket.
  public func close() {
    isOpen = false
    during(.close)
  }

  /// Delivers frames as one dispatch of the wire, or as a chunk with more to come.
  public func deliver(_ frames: [[UInt8]], flags: UInt32 = 0, isMoreThere: Bool = false) {
    for frame in frames { receive(frame, flags: flags) }
    if isMoreThere { handler?.chunkComplete() } else { handler?.receiveComplete() }
  }

  /// Delivers one frame in the middle of a dispatch.
  public func receive(_ frame: [UInt8], flags: UInt32 = 0) {
    counted.frames += 1
    let span = frame.span
    let mayGoOn = handler?.receive(
      ReceivedFrame(
        bytes: span.bytes, wireByteCount: frame.count, timestampNanoseconds: counted.frames,
        flags: flags))
    if mayGoOn == false { stoppedDispatches += 1 }
  }
}
