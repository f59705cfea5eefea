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
  /// What `activate` throws, once.
  public var activationError: MiniportError?
  /// The configuration that is in force.
  public private(set) var configuration: CaptureConfiguration?
  /// How often the driver asked to hear when sending is possible again.
  public private(set) var sendPossibleRequests = 0
  /// Whoever takes the frames.
  public private(set) weak var handler: ReceiveHandler?
  /// A call of the driver that is under way.
  public enum Call: Sendable, CaseIterable {
    case activate, update, send, deactivate
  }
  /// What happens in the middle of a call.
  public var during: (Call) -> Void = { _ in }
  /// How often frames were handed to `send`.
  public private(set) var sendCount = 0
  /// What the kernel says of the MTU.
  public var currentMTU: UInt32?
  /// Whether the interface is still the one that was activated.
  public var isBound = true
  /// What the driver is told that the kernel counted.
  public var statistics = CaptureStatistics()

  /// Makes a miniport that is not active.
  public init() {}

  /// Whether a configuration is in force.
  public var isActive: Bool { configuration != nil }

  /// Takes the configuration, or fails as the test said.
  public func activate(_ configuration: CaptureConfiguration, handler: ReceiveHandler)
    throws(MiniportError)
  {
    if let error = activationError {
      activationError = nil
      throw error
    }
    self.configuration = configuration
    self.handler = handler
    during(.activate)
  }

  /// Follows the opens.
  public func update(etherTypes: EtherTypeSet, includesOutgoing: Bool) throws(MiniportError) {
    configuration?.etherTypes = etherTypes
    configuration?.includesOutgoing = includesOutgoing
    during(.update)
  }

  /// Records what the script lets through.
  public func send(_ frames: MDLChain) -> SendProgress {
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
    during(.send)
    return SendProgress(
      sentCount: count, failure: count == all.count ? nil : progress.failure)
  }

  /// Counts the question; the test answers through `handler`.
  public func notifyWhenSendPossible() { sendPossibleRequests += 1 }

  /// Forgets the configuration.
  public func deactivate() {
    during(.deactivate)
    configuration = nil
  }

  /// Delivers frames as one dispatch of the wire, or as a chunk with more to come.
  public func deliver(_ frames: [[UInt8]], flags: UInt32 = 0, isMoreThere: Bool = false) {
    for frame in frames {
      statistics.frames += 1
      let span = frame.span
      handler?.receive(
        ReceivedFrame(
          bytes: span.bytes, wireByteCount: frame.count, timestampNanoseconds: statistics.frames,
          flags: flags))
    }
    if isMoreThere { handler?.chunkComplete() } else { handler?.receiveComplete() }
  }
}
