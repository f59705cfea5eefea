internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

extension ControlLoop {
  /// ADMINISTRATION, explain: what decides about a user, an interface and an EtherType.
  func explain(
    _ question: ExplainRequest, _ parcel: RequestParcel, for session: Session
  ) {
    guard question.user.canBeUser else {
      parcel.complete(.notFound)
      return
    }
    let (place, userID) = (ObjectIdentifier(session), session.credentials.userID)
    guard explaining.take(place, userID: userID) else {
      parcel.complete(.tooManyRequests)
      return
    }
    let find = server.environment.findUser
    let isTaken = server.lookups.add { [weak self] isUnloading in
      let user = isUnloading ? nil : find(question.user)
      guard !isUnloading, let self,
        loop.post({ self.explain(question, user, parcel, for: session) })
      else {
        parcel.complete(.cancelled)
        return
      }
    }
    guard !isTaken else { return }
    explaining.give(place, userID: userID)
    parcel.complete(.tooManyRequests)
  }

  private func explain(
    _ question: ExplainRequest, _ user: Credentials?, _ parcel: RequestParcel,
    for session: Session
  ) {
    explaining.give(ObjectIdentifier(session), userID: session.credentials.userID)
    guard let user else {
      parcel.complete(.notFound)
      return
    }
    // For oneself the groups count that the connection has.
    let client = user.userID == session.credentials.userID ? session.credentials : user
    guard session.isAdministrator || client == session.credentials else {
      parcel.complete(.notPermitted)
      return
    }
    guard let binding = server.driver.bindings.binding(named: question.binding) else {
      parcel.complete(.adapterNotFound)
      return
    }
    let rows = policy.explain(client, on: binding.snapshot.attributes, question.etherType)
    let reply = ExplainReply(
      userID: client.userID, decisions: rows.prefix(ExplainReply.maximumCount).map(Decision.init))
    answer(reply.encoded, reply.decisions.count, parcel, for: session)
  }
}

extension String {
  /// Whether it can be the name or number of a user: directory services make paths and queries of it.
  ///
  /// - Source: threat T19
  fileprivate var canBeUser: Bool {
    let bytes = utf8
    return (1...256).contains(bytes.count) && bytes.first != UInt8(ascii: ".")
      && bytes.first != UInt8(ascii: "-") && !bytes.contains(UInt8(ascii: "/"))
      && self == printable()
  }
}

extension AdministrationRequest {
  /// Whether control decides by itself what to tell whom: everybody may ask about himself.
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
