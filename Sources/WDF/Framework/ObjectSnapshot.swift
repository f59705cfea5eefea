internal import Platform
internal import Synchronization

/// An object as it was at one moment.
public struct ObjectSnapshot: Sendable {
  /// Its identifier.
  public let id: ObjectID
  /// Its kind.
  public let kind: Kind
  /// Its name.
  public let name: String
  /// Its state.
  public let state: ObjectState
  /// Its parent, while it is linked to one.
  public let parent: ObjectID?
  /// The number of pins, that of its creation included.
  public let pinCount: Int
  /// Its named holders; only the verifier records all names.
  public let holders: [UnloadBlocked.Holder]
  /// The types of its contexts, in the order in which they were added.
  public let contexts: [String]
  /// Its age.
  public let age: Duration
  /// Its last sixteen states, oldest first; only the verifier records them.
  public let history: [StateRecord]
  /// Where it was created.
  public let site: CreationSite
}

extension Framework {
  /// All objects that are not destroyed, in the order of their slots.
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
        age: Duration(
          nanosecondCount: nanosecondsPassed(since: core.creationNanoseconds, until: now)),
        history: node.history?.all ?? [], site: core.site)
    }
  }
}
