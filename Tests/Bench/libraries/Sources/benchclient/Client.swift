import Glibc
import NdisprotClient

/// A program that links the client library and does one thing, for the end-to-end bench to time.
///
///     benchclient reflect|drain|sink|request|idle|sessions|statistics SOCKET INTERFACE [COUNT]
///     benchclient echo SOCKET INTERFACE MICROSECONDS
///     benchclient crowd SOCKET INTERFACE COUNT OPENS
///     benchclient reload SOCKET INTERFACE COUNT LINK FILE FILE
///
/// It prints {"event":"ready"} when it has begun and one line of JSON with what it measured; SIGTERM ends it.
enum Client {
  static let etherTypes = EtherTypeSet([0x88B5, 0x88B6])
  /// What comes beside what is answered, for another open.
  static let otherType = EtherTypeSet([0x88B8])
  /// What nobody sends.
  static let quietType = EtherTypeSet([0x88B7])

  static func main(_ arguments: [String]) -> Int32 {
    guard arguments.count >= 3 else { return fail("benchclient ROLE SOCKET INTERFACE [COUNT]", 64) }
    let (path, interface) = (arguments[1], arguments[2])
    let count = arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
    do {
      switch arguments[0] {
      case "reflect": try reflect(path, interface)
      case "echo": try reflect(path, interface, polling: .microseconds(count))
      case "sink": try sink(path, interface)
      case "drain": try drain(path, interface)
      case "request": try request(path, interface, count)
      case "idle": try hold(path, interface, count)
      case "sessions": try hold(path, nil, count)
      case "statistics": try statistics(path, count)
      case "crowd" where arguments.count > 4:
        try crowd(path, interface, count, openCount: Int(arguments[4]) ?? 0)
      case "reload" where arguments.count > 5:
        try reload(path, count, arguments[4], Array(arguments[5...]))
      default: return fail("no such role", 64)
      }
      return 0
    } catch {
      return fail("\(error)", 1)
    }
  }

  /// Sends back what comes in, to its sender and as another EtherType.
  private static func reflect(
    _ path: String, _ interface: String, polling spin: Duration = .zero
  ) throws {
    let binding = try Connection(path: path).open(interface, etherTypes: etherTypes)
    binding.connection.spin = spin
    var reader = FrameReader(binding)
    var writer = FrameWriter(binding)
    var frame = [UInt8](repeating: 0, count: 1_514)
    let own = binding.address
    try reader.start()
    say(#"{"event":"ready"}"#)
    while true {
      var failure: ClientError?
      try reader.next(by: .never) { record in
        let bytes = record.frame
        // The first of the two types asks, the second is the answer.
        guard failure == nil, bytes.byteCount >= 14, bytes.byteCount <= 1_514,
          bytes.unsafeLoad(fromByteOffset: 13, as: UInt8.self) == 0xB5
        else { return }
        for index in 0..<6 {
          frame[index] = bytes.unsafeLoad(fromByteOffset: 6 + index, as: UInt8.self)
          frame[6 + index] = own.octets[index]
        }
        for index in 12..<bytes.byteCount {
          frame[index] = bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self)
        }
        frame[13] = 0xB6
        do throws(ClientError) {
          try writer.write(frame.span.bytes.extracting(first: bytes.byteCount))
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      try writer.flush()
    }
  }

  /// Takes what comes beside them, and does nothing with them.
  private static func sink(_ path: String, _ interface: String) throws {
    let binding = try Connection(path: path).open(interface, etherTypes: otherType)
    var reader = FrameReader(binding)
    try reader.start()
    say(#"{"event":"ready"}"#)
    while true { try reader.next(by: .never) { _ in } }
  }

  /// Counts frames until none has come for 0.3 s, and tells when the last of them was here.
  private static func drain(_ path: String, _ interface: String) throws {
    let binding = try Connection(path: path).open(interface, etherTypes: etherTypes)
    var reader = FrameReader(binding)
    try reader.start()
    say(#"{"event":"ready"}"#)
    var (frames, bytes, last) = (0, 0, UInt64(0))
    while true {
      let patience: Duration = frames == 0 ? .seconds(10) : .milliseconds(300)
      let count = try reader.next(by: Deadline(after: patience)) { bytes += $0.frame.byteCount }
      guard count > 0 else { break }
      frames += count
      last = now()
    }
    say(
      #"{"event":"summary","frames":\#(frames),"bytes":\#(bytes),"lastNanoseconds":\#(last)}"#)
  }

  /// Asks for an OID again and again, and tells how long the answer takes.
  private static func request(_ path: String, _ interface: String, _ count: Int) throws {
    let binding = try Connection(path: path).open(interface, etherTypes: etherTypes)
    var nanoseconds: [UInt64] = []
    nanoseconds.reserveCapacity(count)
    for turn in -100..<count {
      let start = now()
      _ = try binding.query(.maximumFrameSize)
      if turn >= 0 { nanoseconds.append(now() - start) }
    }
    sayTimes(nanoseconds)
  }

  /// What was measured, and other numbers beside it.
  static func sayTimes(_ nanoseconds: [UInt64], _ others: [(name: String, value: Int)] = []) {
    let times = nanoseconds.sorted()
    guard let worst = times.last else { return }
    func microseconds(_ time: UInt64) -> Double { Double(time) / 1_000 }
    let more = others.map { #","\#($0.name)":\#($0.value)"# }.joined()
    say(
      #"{"event":"summary","frames":\#(times.count),"#
        + #""p50Microseconds":\#(microseconds(times[times.count / 2])),"#
        + #""p99Microseconds":\#(microseconds(times[times.count * 99 / 100])),"#
        + #""worstMicroseconds":\#(microseconds(worst))\#(more)}"#)
  }

  /// Opens sessions, on an interface they want every frame of which, and does nothing with them.
  private static func hold(_ path: String, _ interface: String?, _ count: Int) throws {
    let connections = try (0..<count).map { _ in try Connection(path: path) }
    let opens = try interface.map { name in
      try connections.map { try $0.open(name, etherTypes: etherTypes) }
    }
    stay(with: (connections, opens))
  }

  /// Keeps something until SIGTERM.
  static func stay<Held>(with held: Held) {
    say(#"{"event":"ready"}"#)
    withExtendedLifetime(held) {
      while true { sleep(60) }
    }
  }

  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }

  private static func fail(_ words: String, _ code: Int32) -> Int32 {
    let line = "benchclient: \(words)\n"
    write(2, line, line.utf8.count)
    return code
  }
}
