public import NdisprotClient

/// What became of the frames of a run.
public struct AdapterTally: Equatable, Sendable {
  /// Frames that the program received.
  public var delivered: UInt64 = 0
  /// Frames that were merged and cut on their way to the daemon: half of a frame is worse than none.
  public var truncated: UInt64 = 0
  /// Frames that the daemon had no more room for when the pump was behind.
  public var overrun: UInt64 = 0
  /// Frames that the adapter did not take, by errno.
  public var undelivered: [Int32: UInt64] = [:]
  /// Frames of the program that could not be read from the adapter, by errno.
  public var unread: [Int32: UInt64] = [:]
  /// Frames of the program that came while there was no daemon or no binding.
  public var stranded: UInt64 = 0
  /// Frames of the program that were handed to the daemon, and what it made of them.
  public var written = WriteReport()

  /// Whether every frame arrived where it should.
  public var isClean: Bool {
    truncated == 0 && overrun == 0 && undelivered.isEmpty && unread.isEmpty && stranded == 0
      && written.failed == 0
  }
}

/// What happens during a run that its user may want to know.
public enum AdapterNotice: Sendable {
  /// A TAP device cannot be used here, so the adapter is one end of a veth pair.
  case formChosen(SystemError)
  /// The daemon does not let the program hear groups.
  case groupsRefused(ClientError)
  /// The program asked for all frames, and the daemon does not let it have them.
  case promiscuousRefused(ClientError)
  /// The packet filter of the binding is another one.
  case filter(PacketFilter)
  /// The daemon or the binding is gone; the adapter has no carrier until it is back.
  case lost(ClientError)
  /// It cannot be opened again, and that will not change by itself soon.
  case refused(ClientError)
  /// It is back.
  case resumed
  /// The adapter follows the binding.
  case followed(EventKind)
  /// The tally changed; once a second at most.
  case tally(AdapterTally)
  /// The program deleted the adapter.
  case adapterDeleted
  /// Frames of the program did not get an answer before the run ended.
  case unanswered
}
