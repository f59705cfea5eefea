internal import FuzzSupport
internal import NdisprotControl

// A message as a hostile client sends it: header, records, and the payload as every opcode would
// have it. Nothing may trap; what a decoder accepts must survive its own encoder.

/// Decodes a message with every decoder of the protocol.
///
/// - Shape: a message: `[header 40][payload]`
func check(_ input: Input) {
  var input = input
  let bytes = input.remainder()
  check(bytes.span.bytes)
}

private func check(_ message: RawSpan) {
  _ = try? MessageHeader(decodingReply: message)
  guard let header = try? MessageHeader(decodingRequest: message) else { return }
  let payload = message.extracting(droppingFirst: MessageHeader.byteCount)
  readRecords(payload, header.count)
  readStatuses(payload, header.count)
  for decoder in decoders { decoder(payload, header.count) }
}

nonisolated(unsafe) private var blackHole: UInt8 = 0

private func readRecords(_ payload: RawSpan, _ count: UInt32) {
  var reader = RecordReader(payload, recordCount: count)
  var byteCount = 0
  var checksum: UInt8 = 0
  do {
    while let record = try reader.next() {
      byteCount += record.frame.byteCount
      // Both ends are read, so that the address sanitizer sees a frame that is not there.
      for offset in [record.frame.byteOffsets.first, record.frame.byteOffsets.last] {
        guard let offset else { continue }
        checksum &+= record.frame.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      }
    }
    require(byteCount <= payload.byteCount, "more frame bytes than payload")
    blackHole = checksum
  } catch {
    require(
      !RecordReader.areWellFormed(payload, recordCount: Int(count)),
      "records were refused and are well formed")
  }
}

private func readStatuses(_ payload: RawSpan, _ count: UInt32) {
  guard let statuses = try? FrameStatuses(payload, frameCount: count) else { return }
  _ = statuses.firstFailure
}

private let decoders: [@Sendable (RawSpan, UInt32) -> Void] = [
  { payload, _ in roundTrip(payload, HelloRequest.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, HelloReply.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, OpenRequest.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, OpenReply.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, CancelRequest.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, EnumerateRequest.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, StatisticsRequest.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, AdministrationRequest.init(decoding:), \.encoded) },
  { payload, count in
    roundTrip(
      payload,
      { span throws(DecodeError) in try ObjectsReply(decoding: span, entryCount: count) },
      \.encoded)
  },
  { payload, count in
    roundTrip(
      payload,
      { span throws(DecodeError) in try TraceReply(decoding: span, entryCount: count) },
      \.encoded)
  },
  { payload, _ in roundTrip(payload, ReloadReply.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, StatusReply.init(decoding:), \.encoded) },
  { payload, count in
    roundTrip(
      payload,
      { span throws(DecodeError) in try ExplainReply(decoding: span, count: count) },
      \.encoded)
  },
  { payload, _ in roundTrip(payload, SubscribeRequest.init(decoding:), \.encoded) },
  { payload, count in
    roundTrip(
      payload,
      { span throws(DecodeError) in try EventMessage(decoding: span, bindingCount: count) },
      \.encoded)
  },
  { payload, _ in roundTrip(payload, WaitRequest.init(decoding:), \.encoded) },
  { payload, _ in roundTrip(payload, OIDMessage.init(decoding:), \.encoded) },
  { payload, _ in
    roundTrip(payload, QueryBinding.init(decoding:)) { $0.encoded(room: $0.byteCountNeeded) }
  },
  { payload, count in
    roundTrip(
      payload,
      { span throws(DecodeError) in try EnumerateReply(decoding: span, entryCount: count) },
      \.encoded)
  },
  { payload, count in
    roundTrip(
      payload,
      { span throws(DecodeError) in try StatisticsReply(decoding: span, objectCount: count) },
      \.encoded)
  },
]

/// What is accepted once is accepted again in its canonical form, and is the same value.
private func roundTrip<Value: Equatable>(
  _ payload: RawSpan, _ decode: (RawSpan) throws(DecodeError) -> Value,
  _ encode: (Value) -> [UInt8]
) {
  guard let value = try? decode(payload) else { return }
  let bytes = encode(value)
  let again = try? decode(bytes.span.bytes)
  require(again == value, "decode, encode, decode gives another value")
}
