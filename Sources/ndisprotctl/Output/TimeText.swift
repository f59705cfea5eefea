internal import Glibc

extension UInt64 {
  /// These nanoseconds since the epoch in local time, for file names: `20261124185301`.
  var fileTimeText: String {
    var seconds = time_t(self / 1_000_000_000)
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    return unsafe Self.formatted(&parts, "%Y%m%d%H%M%S")
  }

  /// - Source: strftime(3)
  static func formatted(_ parts: inout tm, _ format: String) -> String {
    var room = [CChar](repeating: 0, count: 64)
    let count = unsafe strftime(&room, room.count, format, &parts)
    return String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// These nanoseconds since the epoch, as `2026-11-24T18:53:01Z`.
  ///
  /// - Source: RFC 3339
  var timeText: String {
    var seconds = time_t(self / 1_000_000_000)
    var parts = unsafe tm()
    unsafe gmtime_r(&seconds, &parts)
    return unsafe Self.formatted(&parts, "%Y-%m-%dT%H:%M:%SZ")
  }

  /// These nanoseconds since the epoch as the journal shows them: `Nov 24 18:53:01.000123`, local
  /// time.
  ///
  /// - Source: journalctl(1), the output short-precise
  var journalText: String {
    var seconds = time_t(self / 1_000_000_000)
    var parts = unsafe tm()
    unsafe localtime_r(&seconds, &parts)
    var room = [CChar](repeating: 0, count: 64)
    let count = unsafe strftime(&room, room.count, "%b %d %H:%M:%S", &parts)
    let day = String(decoding: room.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let microseconds = String(self % 1_000_000_000 / 1_000)
    return day + "." + String(repeating: "0", count: 6 - microseconds.utf8.count) + microseconds
  }

  /// These nanoseconds for people: `3 d 4 h`, `12 min 5 s`, `1.20 s`.
  var ageText: String {
    let seconds = self / 1_000_000_000
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60)
    if days > 0 { return "\(days) d \(hours) h" }
    if hours > 0 { return "\(hours) h \(minutes) min" }
    if minutes > 0 { return "\(minutes) min \(seconds % 60) s" }
    let hundredths = self % 1_000_000_000 / 10_000_000
    guard hundredths > 0 else { return "\(seconds) s" }
    return "\(seconds).\(hundredths < 10 ? "0" : "")\(hundredths) s"
  }

  /// These bytes in MiB, with one decimal place.
  var mebibytesText: String {
    let tenths = multipliedReportingOverflow(by: 10).partialValue >> 20
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// These bytes, in the largest unit of 1000 that leaves at least one: `12.3 MB`.
  var byteText: String {
    let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
    guard self >= 1000 else { return "\(self) B" }
    var (tenths, unit) = (self / 100, 0)
    while tenths >= 10_000, unit < units.count - 1 { (tenths, unit) = (tenths / 1000, unit + 1) }
    return "\(tenths / 10).\(tenths % 10) \(units[unit])"
  }
}
