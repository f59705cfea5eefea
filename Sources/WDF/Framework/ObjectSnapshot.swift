internal import Platform
internal import Synchronization

/// An object as it was at one moment.
public struct ObjectSnapshot: Sendable {
  /// Its identifier.
  public let id: ObjectID
  /// What it is.
  public let kind: Kind
  /// What it is called.
  public let name: String
  /// The state it is in.
  public let state: ObjectState
  /// Its parent, while it is linked to one.
  public let parent: ObjectID?
  /// How many pins there are, that of its creation included.
  public let pinCount: Int
  /// Whoever holds it by name; only the verifier keeps names of all.
  public let holders: [UnloadBlocked.Holder]
  /// The types of its contexts, in the order in which they were added.
  public let contexts: [String]
  /// How old it is.
  public let age: Duration
  /// Its last sixteen states, oldest first; only the verifier keeps them.
  public let history: [StateRecord]
  /// Where it was made.
  public let site: CreationSite
}

extension Framework {
  /// Every object that has not been destroyed, in the order of their slots.
  public func snapshot() -> [ObjectSnapshot] {
    let now = monotonicNanoseconds()
    let (nodes, ids) = tree.withLock { tree in
      (tree.nodes.filter { $0.core != nil }, tree.nodes.map { $0.core?.id })
    }
    return nodes.compactMap { node in
      guard let core = node.core else { return nil }
      var contexts: [String] = []
      core.contexts.forEach { contexts.append($0.typeName) }
      return ObjectSnapshot(
        id: core.id, kind: core.kind, name: core.name, state: node.state,
        parent: node.parent.flatMap { ids[$0] }, pinCount: Int(core.word.pinCount),
        holders: holders(of: core, now), contexts: contexts,
        age: Duration(nanosecondCount: now &- min(now, core.creationNanoseconds)),
        history: node.history?.all ?? [], site: core.site)
    }
  }
}
