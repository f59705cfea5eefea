internal import Glibc
internal import NdisprotClient
internal import Platform

/// The users and groups of a namespace whose program becomes another user: root inside is the
/// calling user, and those from 1 on are the subordinate ones that an administrator has granted.
///
/// - Source: subuid(5), newuidmap(1)
struct UserMap {
  /// The process in the namespace.
  let processID: pid_t

  /// Makes newuidmap(1) and newgidmap(1) write the maps.
  func apply() throws(AdapterError) {
    let name = (try? AccountDatabase.user(geteuid()))?.name
    try apply("newuidmap", own: geteuid(), "/etc/subuid", name)
    try apply("newgidmap", own: getegid(), "/etc/subgid", name)
  }

  private func apply(
    _ tool: String, own: UInt32, _ path: String, _ name: String?
  ) throws(AdapterError) {
    let ranges = Self.ranges(in: TextFile.contents(of: path), user: geteuid(), name: name)
    guard !ranges.isEmpty else {
      throw .unmapped(reason: "\(path) has no range for \(name ?? "user \(geteuid())")")
    }
    var words = [tool, "\(processID)", "0", "\(own)", "1"]
    var inside: UInt32 = 1
    for range in ranges {
      words += ["\(inside)", "\(range.first)", "\(range.count)"]
      inside += range.count
    }
    guard try InsideLauncher.status(of: tool, words) == 0 else {
      throw .unmapped(reason: "\(tool) failed")
    }
  }

  /// A range of subordinate numbers.
  struct Range: Equatable {
    var first: UInt32
    var count: UInt32
  }

  /// The ranges of a user in the text of a file, up to 65,535 numbers in total.
  static func ranges(in text: String, user: UInt32, name: String?) -> [Range] {
    var left: UInt32 = 65_535
    var ranges: [Range] = []
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", omittingEmptySubsequences: false)
      guard fields.count == 3, fields[0] == "\(user)" || name.map({ fields[0] == $0 }) == true,
        let first = UInt32(fields[1]), let count = UInt32(fields[2])
      else { continue }
      let taken = min(count, left)
      if taken > 0 { ranges.append(Range(first: first, count: taken)) }
      left -= taken
    }
    return ranges
  }
}
