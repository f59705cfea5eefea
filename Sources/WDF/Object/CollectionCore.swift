internal import Synchronization

/// A list of objects, each held by a pin for every time it is in the list.
final class CollectionCore: Sendable {
  private let items = Guarded<[Core]>([])

  func append(_ item: Core) { items.withLock { $0.append(item) } }
  func item(_ index: Int) -> Core? {
    items.withLock { $0.indices.contains(index) ? $0[index] : nil }
  }
  func remove(at index: Int) -> Core? {
    items.withLock { $0.indices.contains(index) ? $0.remove(at: index) : nil }
  }
  func remove(_ item: Core) -> Core? {
    items.withLock { items in
      items.firstIndex { $0 === item }.map { items.remove(at: $0) }
    }
  }
  var count: Int { items.withLock { $0.count } }

  /// Lets go of every item.
  func dispose() -> Bool {
    let all = items.withLock { items in
      defer { items = [] }
      return items
    }
    for item in all { item.unpin("collection") }
    return true
  }
}

extension Ref {
  /// Makes a list that ends with this object.
  ///
  /// - Windows: WdfCollectionCreate
  public func makeCollection(
    _ name: String, fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<Collection> {
    let payload = Payload.collection(CollectionCore())
    let birth = try core.birth(.collection, name, payload, .inherit, CreationSite(fileID, line))
    return try Ref<Collection>(core.framework.create(birth, nil))
  }
}

extension Ref where Kind == Collection {
  private var collection: CollectionCore {
    get throws(WdfError) {
      guard case .collection(let collection) = core.payload else { throw core.error(.wrongType) }
      return collection
    }
  }

  /// How many entries there are.
  public var count: Int { (try? collection.count) ?? 0 }

  /// The entry at an index.
  public subscript(index: Int) -> AnyRef? {
    (try? collection.item(index)).flatMap { $0 }.map { AnyRef($0) }
  }

  /// Adds an object at the end; it is not destroyed while it is in the list.
  ///
  /// It may be added twice, and is then held twice.
  /// - Windows: WdfCollectionAdd
  public func add(_ item: AnyRef) throws(WdfError) {
    guard core.word.phase == .live else { throw core.error(.deletePending) }
    let collection = try collection
    try item.core.pin("collection")
    collection.append(item.core)
    // Disposing may have emptied the list just before.
    if core.word.phase != .live, let item = collection.remove(item.core) {
      item.unpin("collection")
      throw core.error(.deletePending)
    }
  }

  /// Takes the first entry of an object out.
  ///
  /// - Throws: `.notFound` if there is none
  /// - Windows: WdfCollectionRemove
  public func remove(_ item: AnyRef) throws(WdfError) {
    guard let item = try collection.remove(item.core) else { throw notFound }
    item.unpin("collection")
  }

  /// Takes the entry at an index out.
  ///
  /// - Throws: `.notFound` if there is none
  /// - Windows: WdfCollectionRemoveItem
  public func remove(at index: Int) throws(WdfError) {
    guard let item = try collection.remove(at: index) else { throw notFound }
    item.unpin("collection")
  }

  private var notFound: WdfError {
    if core.framework.verifier != .off { core.report(.item, "no such entry") }
    return core.error(.notFound)
  }
}
