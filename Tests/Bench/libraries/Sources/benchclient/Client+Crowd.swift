import Glibc
import NdisprotClient

// Many sessions, and what an operator asks of a daemon that has them.

extension Client {
  /// Makes sessions; the first `openCount` of them have the interface open for a type that nobody sends, and a
  /// read pended.
  static func crowd(_ path: String, _ interface: String, _ count: Int, openCount: Int) throws {
    let connections = try (0..<count).map { _ in try Connection(path: path) }
    let opens = try connections.prefix(openCount).map { connection in
      let binding = try connection.open(interface, etherTypes: quietType)
      var reader = FrameReader(binding, pendedReadCount: 1)
      try reader.start()
      return binding
    }
    stay(with: (connections, opens))
  }

  /// Has the daemon read its configuration again and again, each time another one of two files.
  static func reload(_ path: String, _ count: Int, _ live: String, _ files: [String]) throws {
    let connection = try Connection(path: path)
    var times: [UInt64] = []
    var changedCount = 0
    for turn in 0..<count {
      // As an editor does it: no reader ever sees half a file.
      let next = live + ".next"
      unlink(next)
      guard symlink(files[turn % files.count], next) == 0, rename(next, live) == 0 else {
        throw ClientFailure.cannotReplace(live)
      }
      let start = now()
      let reply = try connection.reload()
      times.append(now() - start)
      guard reply.refusal.isEmpty else { throw ClientFailure.refused(reply.refusal) }
      changedCount += Int(reply.changedCount) + Int(reply.closedCount)
    }
    sayTimes(times, [("changed", changedCount / count)])
  }

  /// Asks for the counters of everything, again and again.
  static func statistics(_ path: String, _ count: Int) throws {
    let connection = try Connection(path: path)
    var times: [UInt64] = []
    var objectCount = 0
    for _ in 0..<count {
      let start = now()
      objectCount = try connection.statistics().count
      times.append(now() - start)
    }
    sayTimes(times, [("objects", objectCount)])
  }

  enum ClientFailure: Error {
    case cannotReplace(String), refused(String)
  }
}
