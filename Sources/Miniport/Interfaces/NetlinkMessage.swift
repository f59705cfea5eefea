internal import NDIS

/// One message of rtnetlink about links.
///
/// - Source: netlink(7), rtnetlink(7)
struct NetlinkMessage: Equatable {
  /// The content of the message.
  enum Content: Equatable {
    /// A link exists, with these attributes (RTM_NEWLINK).
    case link(AdapterAttributes)
    /// A link is gone (RTM_DELLINK).
    case linkGone(interfaceIndex: Int32)
    /// The counters of a link (RTM_NEWSTATS).
    case statistics(InterfaceStatistics, interfaceIndex: Int32)
    /// The dump is complete (NLMSG_DONE).
    case done
    /// A request was refused (NLMSG_ERROR), with a positive errno, or acknowledged with 0.
    case error(errno: Int32)
    /// Anything else, and messages that are too short.
    case other
  }

  var content: Content
  /// The sequence number of the request that it answers; 0 in a notification.
  var sequence: UInt32
  /// NLM_F_DUMP_INTR: the links changed while they were dumped, and some may be missing.
  var isInterrupted: Bool
}
