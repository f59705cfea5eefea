import Testing

@testable import NDIS

@Suite("OIDRequest")
struct OIDRequestTests {
  static let query = OIDRequest.query(OIDRequest.Query(.currentAddress, room: 6))
  static let set = OIDRequest.set(OIDRequest.Set(.currentPacketFilter, value: [1, 0, 0, 0]))
  static let method = OIDRequest.method(
    OIDRequest.Method(.multicastList, value: [1], room: 2))
  static let kinds = [query, set, method]

  /// Written, read and needed.
  private func lengths(_ request: OIDRequest) -> [Int] {
    [request.bytesWritten, request.bytesRead, request.bytesNeeded]
  }

  @Test("mdl T49: a new request has no byte counts", arguments: kinds)
  func new(_ request: OIDRequest) { #expect(lengths(request) == [0, 0, 0]) }

  @Test(
    "mdl T49: a kind keeps the counts that mean something for it",
    arguments: [(query, [1, 0, 3]), (set, [0, 2, 3]), (method, [1, 2, 3])])
  func kept(_ request: OIDRequest, _ expected: [Int]) {
    var request = request
    request.setLengths(written: 1, read: 2, needed: 3)
    #expect(lengths(request) == expected)
  }

  @Test("mdl T49: reset forgets the counts and nothing else", arguments: kinds)
  func reset(_ request: OIDRequest) {
    var answered = request
    answered.setLengths(written: 1, read: 2, needed: 3)
    #expect(answered != request)
    answered.resetLengths()
    #expect(answered == request)
  }

  @Test(
    "mdl T49: the counts of another request are taken as far as both kinds have them",
    arguments: [
      (query, query, [1, 0, 3]), (query, set, [0, 0, 3]), (query, method, [1, 0, 3]),
      (set, query, [0, 0, 3]), (set, set, [0, 2, 3]), (set, method, [0, 2, 3]),
      (method, query, [1, 0, 3]), (method, set, [0, 2, 3]), (method, method, [1, 2, 3]),
    ])
  func taken(_ receiver: OIDRequest, _ giver: OIDRequest, _ expected: [Int]) {
    var giver = giver
    giver.setLengths(written: 1, read: 2, needed: 3)
    var receiver = receiver
    receiver.setLengths(written: 7, read: 8, needed: 9)
    receiver.takeLengths(from: giver)
    #expect(lengths(receiver) == expected)
  }

  @Test("every kind names its property")
  func oid() {
    #expect(Self.kinds.map(\.oid) == [.currentAddress, .currentPacketFilter, .multicastList])
  }
}
