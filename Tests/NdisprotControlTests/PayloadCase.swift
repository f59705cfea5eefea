import MDL
import NDIS
import NdisprotControl
import Testing

/// One payload of the protocol: its golden bytes, and its decoder followed by its encoder.
struct PayloadCase: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  /// Decodes a payload and encodes what came out; the count is the header's.
  let recode: @Sendable (_ payload: RawSpan, _ count: UInt32) throws(DecodeError) -> [UInt8]
  /// The header's count that belongs to `bytes`.
  var count: UInt32 = 0
  /// Whether any longer payload is legal too, because the rest is a value.
  var isOpenEnded = false
  var testDescription: String { name }

  static let all: [PayloadCase] = [
    PayloadCase(name: "hello request", bytes: Golden.helloRequest) {
      payload, _ throws(DecodeError) in try HelloRequest(decoding: payload).encoded
    },
    PayloadCase(name: "hello reply", bytes: Golden.helloReply) {
      payload, _ throws(DecodeError) in try HelloReply(decoding: payload).encoded
    },
    PayloadCase(name: "open request", bytes: Golden.openRequest) {
      payload, _ throws(DecodeError) in try OpenRequest(decoding: payload).encoded
    },
    PayloadCase(name: "open reply", bytes: Golden.openReply) {
      payload, _ throws(DecodeError) in try OpenReply(decoding: payload).encoded
    },
    PayloadCase(name: "cancel request", bytes: Golden.cancelRequest) {
      payload, _ throws(DecodeError) in try CancelRequest(decoding: payload).encoded
    },
    PayloadCase(name: "enumerate request", bytes: Golden.enumerateRequest) {
      payload, _ throws(DecodeError) in try EnumerateRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "enumerate reply", bytes: Golden.enumerateReply,
      recode: { payload, count throws(DecodeError) in
        try EnumerateReply(decoding: payload, entryCount: count).encoded
      }, count: 1),
    PayloadCase(name: "statistics request", bytes: Golden.statisticsRequest) {
      payload, _ throws(DecodeError) in try StatisticsRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "statistics reply", bytes: Golden.statisticsReply,
      recode: { payload, count throws(DecodeError) in
        try StatisticsReply(decoding: payload, objectCount: count).encoded
      }, count: 1),
    PayloadCase(name: "objects request", bytes: Golden.objectsRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "objects reply", bytes: Golden.objectsReply,
      recode: { payload, count throws(DecodeError) in
        try ObjectsReply(decoding: payload, entryCount: count).encoded
      }, count: 1),
    PayloadCase(name: "close request", bytes: Golden.closeRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(name: "close reply", bytes: Golden.closeReply) {
      payload, _ throws(DecodeError) in try CloseReply(decoding: payload).encoded
    },
    PayloadCase(name: "trace request", bytes: Golden.traceRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "trace reply", bytes: Golden.traceReply,
      recode: { payload, count throws(DecodeError) in
        try TraceReply(decoding: payload, entryCount: count).encoded
      }, count: 1),
    PayloadCase(name: "reload request", bytes: Golden.reloadRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(name: "reload reply", bytes: Golden.reloadReply) {
      payload, _ throws(DecodeError) in try ReloadReply(decoding: payload).encoded
    },
    PayloadCase(name: "explain request", bytes: Golden.explainRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "explain reply", bytes: Golden.explainReply,
      recode: { payload, count throws(DecodeError) in
        try ExplainReply(decoding: payload, count: count).encoded
      }, count: 1),
    PayloadCase(name: "status request", bytes: Golden.statusRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(name: "status reply", bytes: Golden.statusReply) {
      payload, _ throws(DecodeError) in try StatusReply(decoding: payload).encoded
    },
    PayloadCase(name: "pause request", bytes: Golden.pauseRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(name: "restart request", bytes: Golden.restartRequest) {
      payload, _ throws(DecodeError) in try AdministrationRequest(decoding: payload).encoded
    },
    PayloadCase(name: "subscribe request", bytes: Golden.subscribeRequest) {
      payload, _ throws(DecodeError) in try SubscribeRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "event", bytes: Golden.event,
      recode: { payload, count throws(DecodeError) in
        try EventMessage(decoding: payload, bindingCount: count).encoded
      }, count: 1),
    PayloadCase(name: "wait request", bytes: Golden.waitRequest) {
      payload, _ throws(DecodeError) in try WaitRequest(decoding: payload).encoded
    },
    PayloadCase(
      name: "OID request", bytes: Golden.oidRequest,
      recode: { payload, _ throws(DecodeError) in try OIDMessage(decoding: payload).encoded },
      isOpenEnded: true),
    PayloadCase(
      name: "query binding", bytes: Golden.queryBinding,
      recode: { payload, _ throws(DecodeError) in
        let answer = try QueryBinding(decoding: payload)
        return answer.encoded(room: answer.byteCountNeeded)
      }, isOpenEnded: true),
  ]
}
