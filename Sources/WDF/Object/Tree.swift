/// All objects of one driver: parents, children, and states.
///
/// A value: the framework keeps it behind one lock, asks it what to do next, releases the lock and
/// does it. Slots are array indices; a free slot keeps the generation of its next user.
struct Tree: Sendable {
  /// The progress of an object's disposal.
  enum Stage: Sendable { case children, hook, hookDone, cleanup, done }

  /// Why a walk is parked at an object.
  enum Obstacle: Sendable { case none, departures, hook, passiveThread }

  struct Node: Sendable {
    var generation: UInt32
    var core: ObjectHeader?
    var state = ObjectState.invalid
    var stage = Stage.children
    var parent: Int?
    var firstChild: Int?
    var lastChild: Int?
    var next: Int?
    var previous: Int?
    /// The next child of the walk over this object's children.
    var cursor: Int?
    /// Children that left the list because they are deleted separately, and have not finished.
    var departing = 0
    /// The object whose `departing` counts this one.
    var departsFrom: ObjectID?
    var deleteWasCalled = false
    var isEarly = false
    var obstacle = Obstacle.none
    /// The root of the walk that is parked here.
    var walkRoot: Int?
    var history: StateHistory?
    /// Called when the object is destroyed.
    var waiters: [@Sendable () -> Void] = []
  }

  var nodes: [Node] = []
  private var free: [Int] = []
  /// Live objects of each kind, by the kind's raw value.
  private(set) var liveCounts = [Int](repeating: 0, count: Kind.allCases.count)
  /// Contradictions found since the framework's last check: object and event.
  var faults: [(ObjectHeader, ObjectState, ObjectEvent)] = []
  let keepsHistory: Bool

  init(keepsHistory: Bool) { self.keepsHistory = keepsHistory }
}

// MARK: Slots

extension Tree {
  /// Reserves a slot for a new object.
  mutating func reserve() -> ObjectID? {
    if let slot = free.popLast() {
      return ObjectID(slot: UInt32(slot), generation: nodes[slot].generation)
    }
    guard nodes.count < Int(Int32.max) else { return nil }
    nodes.append(Node(generation: 1))
    return ObjectID(slot: UInt32(nodes.count - 1), generation: 1)
  }

  /// Releases a slot; its next user has another generation.
  mutating func release(_ id: ObjectID) {
    let slot = Int(id.slot)
    guard nodes.indices.contains(slot), nodes[slot].generation == id.generation else { return }
    if let kind = nodes[slot].core?.kind { liveCounts[Int(kind.rawValue)] -= 1 }
    guard id.generation < .max else {
      // No later object may have an identifier that was used before: the slot is retired.
      nodes[slot] = Node(generation: .max)
      return
    }
    nodes[slot] = Node(generation: id.generation + 1)
    free.append(slot)
  }

  /// The slot of a live identifier.
  func slot(_ id: ObjectID) -> Int? {
    let slot = Int(id.slot)
    guard nodes.indices.contains(slot), nodes[slot].generation == id.generation,
      nodes[slot].core != nil
    else { return nil }
    return slot
  }

  func core(_ id: ObjectID) -> ObjectHeader? { slot(id).flatMap { nodes[$0].core } }

  /// Sets the generation of a free slot, to test its wrap.
  mutating func forceGeneration(_ generation: UInt32, slot: Int) {
    if nodes.indices.contains(slot), nodes[slot].core == nil {
      nodes[slot].generation = generation
    }
  }
}

// MARK: States and links

extension Tree {
  /// Commits an object: links it to its parent and makes it live.
  ///
  /// False if the parent is not live.
  mutating func commit(_ core: ObjectHeader, parent: ObjectHeader?) -> Bool {
    let slot = Int(core.id.slot)
    var parentSlot: Int?
    if let parent {
      guard let found = self.slot(parent.id),
        nodes[found].state.reaction(to: .link, Surroundings()) == .move(.created)
      else { return false }
      parentSlot = found
    }
    nodes[slot].core = core
    if keepsHistory { nodes[slot].history = StateHistory() }
    enter(.created, slot)
    liveCounts[Int(core.kind.rawValue)] += 1
    if let parentSlot { link(slot, under: parentSlot) }
    core.word.enter(.live)
    return true
  }

  private mutating func link(_ slot: Int, under parent: Int) {
    nodes[slot].parent = parent
    nodes[slot].previous = nodes[parent].lastChild
    if let last = nodes[parent].lastChild {
      nodes[last].next = slot
    } else {
      nodes[parent].firstChild = slot
    }
    nodes[parent].lastChild = slot
  }

  mutating func unlink(_ slot: Int) {
    guard let parent = nodes[slot].parent else { return }
    let (previous, next) = (nodes[slot].previous, nodes[slot].next)
    if let previous { nodes[previous].next = next } else { nodes[parent].firstChild = next }
    if let next { nodes[next].previous = previous } else { nodes[parent].lastChild = previous }
    if nodes[parent].cursor == slot { nodes[parent].cursor = next }
    nodes[slot].parent = nil
    nodes[slot].previous = nil
    nodes[slot].next = nil
  }

  func surroundings(_ slot: Int, inDispatch: Bool = false) -> Surroundings {
    let node = nodes[slot]
    let parentIsLive = node.parent.map { nodes[$0].state == .created } ?? true
    return Surroundings(
      parentIsLive: parentIsLive, mustDefer: inDispatch && mustBePassive(slot),
      deleteWasCalled: node.deleteWasCalled, isEarly: node.isEarly)
  }

  /// Whether the object or one of its children must be disposed of on a passive thread.
  private func mustBePassive(_ slot: Int) -> Bool {
    if nodes[slot].core?.isPassive == true { return true }
    var child = nodes[slot].firstChild
    while let found = child {
      if nodes[found].core?.isPassive == true { return true }
      child = nodes[found].next
    }
    return false
  }

  /// Applies an event to an object and carries the reaction out.
  @discardableResult
  mutating func apply(_ event: ObjectEvent, _ slot: Int, inDispatch: Bool = false) -> Reaction {
    let state = nodes[slot].state
    let reaction = state.reaction(to: event, surroundings(slot, inDispatch: inDispatch))
    switch reaction {
    case .move(let next, let unlinks):
      if unlinks { depart(slot) }
      enter(next, slot)
    case .fault:
      if let core = nodes[slot].core { faults.append((core, state, event)) }
    case .drop, .refuse: break
    }
    return reaction
  }

  /// Leaves the parent's list; the parent waits for it before its own cleanups.
  private mutating func depart(_ slot: Int) {
    guard let parent = nodes[slot].parent, let core = nodes[parent].core else { return }
    unlink(slot)
    nodes[parent].departing += 1
    nodes[slot].departsFrom = core.id
  }

  /// Sets the state, the matching phase and the history.
  private mutating func enter(_ state: ObjectState, _ slot: Int) {
    nodes[slot].state = state
    nodes[slot].history?.append(state)
    switch state {
    case .created, .invalid, .destroyed: break
    case .deletedAndDisposed: nodes[slot].core?.word.enter(.deletedAndDisposed)
    case .deferredDestroy: nodes[slot].core?.word.enter(.destroying)
    default: nodes[slot].core?.word.enter(.deleting)
    }
  }

  mutating func update(_ slot: Int, _ change: (inout Node) -> Void) { change(&nodes[slot]) }
}
