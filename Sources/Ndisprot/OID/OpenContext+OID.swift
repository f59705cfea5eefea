internal import MDL
public import NDIS

/// The result of an OID request.
public struct OIDReply: Sendable {
  /// The request, with its byte counts.
  public let request: OIDRequest
  /// The row of the status table.
  public let completion: CompletionStatus
  /// The value that a query asked for.
  ///
  /// - Shape: integers little-endian, addresses in wire order
  public let value: [UInt8]
  /// Why the access policy refuses it; nil if it does not.
  public var refusal: AccessRefusal?
}

/// Why an OID request failed, and how many bytes it would have needed.
struct OIDFailure: Error {
  /// The row of the status table.
  let completion: CompletionStatus
  /// Bytes of the value, 0 if more room would not have helped.
  let bytesNeeded: Int
  /// Why the access policy refuses it; nil if the failure has another cause.
  private(set) var refusal: AccessRefusal?

  init(_ refusal: AccessRefusal) {
    self.init(refusal.completion)
    self.refusal = refusal
  }

  init(_ completion: CompletionStatus, bytesNeeded: Int = 0) {
    self.completion = completion
    self.bytesNeeded = bytesNeeded
  }
}

/// How far a request gets without a query of the NIC.
private enum OIDStep {
  /// Done; a query has its value.
  case answered([UInt8])
  /// The NIC has to be queried first.
  case asks(CardJob)
  /// The NIC's receive filter has to change first.
  case sets(PendingSet)
}

// OID requests: ndisprotQueryOidValue and ndisprotSetOidValue of the sample. What rtnetlink
// reported or the open knows is answered at once; for the rest the request waits in a queue
// (`+CardWait`).

extension OpenContext {
  /// Carries out a request (rules Q-28…Q-37, E-2…E-4).
  ///
  /// - Parameters:
  ///   - request: what is asked
  ///   - port: the port number, 0
  ///   - parcel: the request as the framework knows it; it can be cancelled while the NIC is
  ///     queried
  ///   - answer: called on the loop that has the session, now or later, with the request still to be
  ///     completed; not called if the request was cancelled, or refused before its OID was examined
  /// - Thread: the loop that has the session
  public func perform(
    _ request: OIDRequest, port: UInt32, for parcel: RequestBox,
    _ answer: @escaping @Sendable (RequestBox, OIDReply) -> Void
  ) {
    do throws(OIDFailure) {
      switch try begin(request, port) {
      case .answered(let value): answer(parcel, fit(value, to: request))
      case .asks(let job):
        askCard(job, for: parcel) { [self] parcel, facts in
          answer(parcel, finish(request, facts))
        }
      case .sets(let set):
        askCard(set.job, for: parcel, set) { [self] parcel, _ in
          answer(parcel, finishSet(request))
        }
      }
    } catch {
      answer(parcel, refuse(request, error))
    }
  }

  private func begin(_ request: OIDRequest, _ port: UInt32) throws(OIDFailure) -> OIDStep {
    switch request {
    case .query(let query):
      try checkUsable(port)
      guard let description = query.oid.description, description.canQuery else {
        throw OIDFailure(.notSupported)
      }
      guard description.facts.isEmpty else { return .asks(CardJob(facts: description.facts)) }
      return .answered(value(of: query.oid, AdapterFacts()))
    case .set(let set):
      guard let pending = try beginSet(set.oid, port: port, value: set.value) else {
        return .answered([])
      }
      return .sets(pending)
    case .method:
      // No property here takes a value and answers with one.
      throw OIDFailure(.notSupported)
    }
  }

  /// The reply to a set that the NIC has followed.
  private func finishSet(_ request: OIDRequest) -> OIDReply {
    guard case .set(let set) = request else { return fit([], to: request) }
    do throws(OIDFailure) {
      try finishSet(set.oid, to: set.value)
      return fit([], to: request)
    } catch {
      return refuse(request, error)
    }
  }

  private func finish(_ request: OIDRequest, _ facts: AdapterFacts) -> OIDReply {
    guard case .query(let query) = request else { return fit([], to: request) }
    return fit(value(of: query.oid, facts), to: request)
  }

  /// The reply, with as much of the value as the rules allow (E-2, E-3).
  private func fit(_ value: [UInt8], to request: OIDRequest) -> OIDReply {
    var request = request
    request.resetLengths()
    guard case .query(let query) = request else {
      if case .set(let set) = request { request.setLengths(read: set.value.count) }
      return OIDReply(request: request, completion: .success, value: [])
    }
    guard value.count > query.room else {
      request.setLengths(written: value.count)
      return OIDReply(request: request, completion: .success, value: value)
    }
    guard query.oid.description?.format == .counter else {
      return refuse(request, OIDFailure(.bufferTooSmall, bytesNeeded: value.count))
    }
    guard query.room >= 4 else {
      return refuse(request, OIDFailure(.invalidLength, bytesNeeded: value.count))
    }
    request.setLengths(written: 4, needed: value.count)
    return OIDReply(request: request, completion: .success, value: Array(value.prefix(4)))
  }

  private func refuse(_ request: OIDRequest, _ failure: OIDFailure) -> OIDReply {
    var request = request
    request.setLengths(needed: failure.bytesNeeded)
    return OIDReply(
      request: request, completion: failure.completion, value: [], refusal: failure.refusal)
  }

  private func beginSet(
    _ oid: OID, port: UInt32, value: [UInt8]
  ) throws(OIDFailure) -> PendingSet? {
    // The list is checked before the state, as in the sample.
    guard let description = oid.description else { throw OIDFailure(.notSupported) }
    guard description.canSet else { throw OIDFailure(.oidNotSettable) }
    try checkUsable(port)
    let needed: AccessRights = oid.isAboutGroups ? [.setOID, .join] : .setOID
    guard !filter.access.rights.isDisjoint(with: needed) else {
      throw OIDFailure(filter.access.refusal(ofAnyOf: needed))
    }
    return try beginSet(oid, to: value)
  }

  private func checkUsable(_ port: UInt32) throws(OIDFailure) {
    guard !isDead, binding.isActive else { throw OIDFailure(.notBound) }
    guard port == 0 else { throw OIDFailure(.invalidPort) }
  }
}

extension OID {
  /// Whether setting it joins or leaves groups, for which the right `join` is enough.
  fileprivate var isAboutGroups: Bool {
    self == .multicastList || self == .addMulticastAddress || self == .deleteMulticastAddress
  }
}
