internal import NDIS

/// One message of rtnetlink, as far as links are concerned.
///
/// - Source: netlink(7), rtnetlink(7)
struct NetlinkMessage: Equatable {
  /// What the message says.
  enum Content: Equatable {
    /// A link is there, and this is what it is like (RTM_NEWLINK).
    case link(AdapterAttributes)
    /// A link is gone (RTM_DELLINK).
    case linkGone(interfaceIndex: Int32)
    /// What a link has counted (RTM_NEWSTATS).
    case statistics(InterfaceStatistics, interfaceIndex: Int32)
    /// The dump is through (NLMSG_DONE).
    case done
    /// A request was refused (NLMSG_ERROR), with a positive errno, or acknowledged with 0.
    case error(errno: Int32)
    /// Anything else, and what is too short to be what it claims.
    case other
  }

  var content: Content
  /// Of the request that it answers; 0 in a notification.
  var sequence: UInt32
  /// NLM_F_DUMP_INTR: the links changed while they were dumped, and some may be missing.
  var isInterrupted: Bool
}
