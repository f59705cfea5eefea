internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

extension ControlLoop {
  /// ADMINISTRATION, explain: what decides about a user, an interface and an EtherType.
  func explain(
    _ question: ExplainRequest, _ parcel: RequestBox, for session: Session
  ) {
    guard question.user.isNumber else {
      parcel.complete(.notFound)
      return
    }
    guard let charge = server.budgets.explains.charge(to: session.holder) else {
      parcel.complete(.tooManyRequests)
      return
    }
    let place = SharedCharge(charge)
    let find = server.environment.findUser
    let isTaken = server.lookups.add { [weak self] isUnloading in
      guard !isUnloading, let self else {
        parcel.complete(.cancelled)
        return
      }
      let found = Result { () throws(SystemError) in try find(question.user) }
      guard loop.post({ self.explain(question, found, parcel, place, for: session) }) else {
        parcel.complete(.cancelled)
        return
      }
    }
    guard !isTaken else { return }
    place.release()
    parcel.complete(.tooManyRequests)
  }

  private func explain(
    _ question: ExplainRequest, _ found: Result<Credentials?, SystemError>,
    _ parcel: RequestBox, _ place: SharedCharge, for session: Session
  ) {
    place.release()
    let user: Credentials
    switch found {
    case .success(let credentials?): user = credentials
    case .success(nil):
      parcel.complete(.notFound)
      return
    case .failure(let cause):
      server.logFailure(
        .warning, "the user \(question.user) cannot be looked up: \(cause.text)",
        ofUser: session.credentials.userID)
      parcel.complete(CompletionStatus(.unsuccessful, .failure, cause.errno))
      return
    }
    policy.directory?.note(user.userID, user.groups + [user.groupID])
    // For the client's own user the groups of the connection count.
    let client = user.userID == session.credentials.userID ? session.credentials : user
    guard session.isAdministrator || client == session.credentials else {
      parcel.complete(.notPermitted)
      return
    }
    guard let name = InterfaceName(question.binding),
      let binding = server.driver.bindings.binding(named: name)
    else {
      parcel.complete(.adapterNotFound)
      return
    }
    let rows = policy.explain(client, on: binding.snapshot.attributes, question.etherType)
    let notes = policy.notes(for: client, on: binding.snapshot.attributes, question.etherType)
    let reply = ExplainReply(
      userID: client.userID, decisions: rows.prefix(ExplainReply.maximumCount).map(Decision.init),
      notes: Array(notes.prefix(ExplainReply.maximumCount)))
    answer(reply.encoded, reply.decisions.count, parcel, for: session)
  }
}

extension String {
  /// Whether it is a user number: clients resolve names themselves, so that no text from a client
  /// reaches a directory service.
  ///
  /// - Source: threat T19
  fileprivate var isNumber: Bool {
    utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } && UInt32(self) != nil
  }
}

extension AdministrationRequest {
  /// Whether control decides by itself what to answer: every user may ask about itself.
  var isForEverybody: Bool {
    switch self {
    case .explain, .status: true
    default: false
    }
  }
}

extension Decision {
  /// One row of the answer.
  fileprivate init(_ row: AccessPolicy.Explanation) {
    self.init(
      vlan: row.vlan, rights: row.rule?.rights ?? [], rule: row.rule?.name ?? "",
      origin: row.rule?.origin ?? "", framesPerSecond: row.rule?.rate?.framesPerSecond ?? 0,
      bytesPerSecond: row.rule?.rate?.bytesPerSecond ?? 0)
  }
}
