internal import CLinux

/// A message of rtnetlink about the adapter: the parts that the pump uses.
///
/// - Source: rtnetlink(7), RTM_NEWLINK; IFLA_PROMISCUITY counts every packet socket that wants all
///   frames, the flag IFF_PROMISC only what an administrator set
struct LinkNews: Equatable {
  /// The interface.
  var interfaceIndex: UInt32
  /// Whether it is gone.
  var isGone = false
  /// How many sockets want all frames; nil if not in the message.
  var promiscuity: UInt32?
  /// The most bytes after the header of a frame; nil if not in the message.
  var mtu: UInt32?

  /// The link messages in a datagram, in order, up to the first malformed one.
  static func all(in datagram: [UInt8]) -> [LinkNews] {
    var all: [LinkNews] = []
    var offset = 0
    while let length = datagram.native(UInt32.self, at: offset).map(Int.init),
      let type = datagram.native(UInt16.self, at: offset + 4),
      length >= 16, length <= datagram.count - offset
    {
      let end = offset + length
      if type == UInt16(RTM_NEWLINK) || type == UInt16(RTM_DELLINK),
        let index = datagram.native(UInt32.self, at: offset + 20), length >= 32
      {
        var news = LinkNews(interfaceIndex: index, isGone: type == UInt16(RTM_DELLINK))
        news.readAttributes(of: datagram, offset + 32..<end)
        all.append(news)
      }
      offset += (length + 3) & ~3
    }
    return all
  }

  private mutating func readAttributes(of datagram: [UInt8], _ range: Range<Int>) {
    var offset = range.lowerBound
    while let length = datagram.native(UInt16.self, at: offset).map(Int.init),
      let type = datagram.native(UInt16.self, at: offset + 2),
      length >= 4, length <= range.upperBound - offset
    {
      if length >= 8, let number = datagram.native(UInt32.self, at: offset + 4) {
        switch Int(type) {
        case IFLA_PROMISCUITY: promiscuity = number
        case IFLA_MTU: mtu = number
        default: break
        }
      }
      offset += (length + 3) & ~3
    }
  }
}
