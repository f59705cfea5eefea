internal import ArgumentParser
internal import Glibc

/// How the time of a frame is shown.
enum FrameTime: String, CaseIterable, ExpressibleByArgument {
  /// The local time of day.
  case day
  /// The same with its date.
  case date
  /// Date and time in UTC.
  case utc
  /// Seconds since the previous frame.
  case delta
  /// Seconds since 1970.
  case epoch

  /// The text for a time, to the microsecond.
  ///
  /// `nanoseconds` count from the epoch; `previous` is the time of the previous frame, nil for the
  /// first.
  func text(_ nanoseconds: UInt64, after previous: UInt64?) -> String {
    let microseconds = Self.padded(nanoseconds % 1_000_000_000 / 1_000)
    switch self {
    case .day: return Self.broken(nanoseconds, "%H:%M:%S", isUTC: false) + "." + microseconds
    case .date:
      return Self.broken(nanoseconds, "%Y-%m-%d %H:%M:%S", isUTC: false) + "." + microseconds
    case .utc:
      return Self.broken(nanoseconds, "%Y-%m-%dT%H:%M:%S", isUTC: true) + ".\(microseconds)Z"
    case .epoch: return "\(nanoseconds / 1_000_000_000)." + microseconds
    case .delta:
      let previous = previous ?? nanoseconds
      let (distance, sign) =
        nanoseconds < previous ? (previous - nanoseconds, "-") : (nanoseconds - previous, "")
      return "\(sign)\(distance / 1_000_000_000)." + Self.padded(distance % 1_000_000_000 / 1_000)
    }
  }

  private static func padded(_ microseconds: UInt64) -> String {
    let text = String(microseconds)
    return String(repeating: "0", count: max(0, 6 - text.utf8.count)) + text
  }

  private static func broken(_ nanoseconds: UInt64, _ format: String, isUTC: Bool) -> String {
    var seconds = time_t(nanoseconds / 1_000_000_000)
    var parts = unsafe tm()
    if isUTC {
      unsafe gmtime_r(&seconds, &parts)
    } else {
      unsafe localtime_r(&seconds, &parts)
    }
    return unsafe UInt64.formatted(&parts, format)
  }
}
