public import NdisprotClient

/// The frame counts of a run.
public struct AdapterTally: Equatable, Sendable {
  /// Frames that the program received.
  public var delivered: UInt64 = 0
  /// Merged frames that were cut on their way to the daemon, and dropped: half a frame is worse
  /// than none.
  public var truncated: UInt64 = 0
  /// Frames that the daemon dropped because the pump was too slow.
  public var overrun: UInt64 = 0
  /// Frames that the adapter did not accept, by errno.
  public var undelivered: [Int32: UInt64] = [:]
  /// Frames of the program that could not be read from the adapter, by errno.
  public var unread: [Int32: UInt64] = [:]
  /// Frames of the program that were sent while there was no daemon or no binding.
  public var stranded: UInt64 = 0
  /// Frames of the program that were passed to the daemon, with their statuses.
  public var written = WriteReport()

  /// Whether every frame arrived.
  public var isClean: Bool {
    truncated == 0 && overrun == 0 && undelivered.isEmpty && unread.isEmpty && stranded == 0
      && written.failed == 0
  }
}

/// Events during a run that its user may want to know about.
public enum AdapterNotice: Sendable {
  /// A TAP device cannot be used here, so the adapter is one end of a veth pair.
  case formChosen(SystemError)
  /// The daemon does not allow the program to receive groups.
  case groupsRefused(ClientError)
  /// The program requested promiscuous mode, and the daemon does not allow it.
  case promiscuousRefused(ClientError)
  /// The binding's packet filter changed.
  case filter(PacketFilter)
  /// The daemon or the binding is gone; the adapter has no carrier until it is back.
  case lost(ClientError)
  /// It cannot be reopened, and that will not change by itself soon.
  case refused(ClientError)
  /// It is back.
  case resumed
  /// The adapter adopted a change of the binding.
  case followed(EventKind)
  /// The tally changed; reported at most once per second.
  case tally(AdapterTally)
  /// The program deleted the adapter.
  case adapterDeleted
  /// Frames of the program were not answered before the run ended.
  case unanswered
}
