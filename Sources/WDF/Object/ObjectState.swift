/// The states of an object, from a successful create to the end of its destroys.
///
///     created ──delete──► deletedDisposing ─────────────► deletedAndDisposed ─► destroyed
///        │                     ▲ │ must wait                    ▲       │ last pin in dispatch
///        │                     │ ▼                              │       ▼
///        │               deferredDeleting                       │  deferredDestroy
///        ├─parent disposes─► disposingEarly ─► disposingDisposeChildren ─► disposed
///        │                                        ▲ │ must wait               │ deleted
///        │                                        │ ▼                         ▼
///        │                                  deferredDisposing   waitingForParentDeleteAndDisposed
///        └─delete, parent disposing─► waitingForEarlyDispose
///
/// - Source: fxobjectstatemachine.cpp, FxObjectState
public enum ObjectState: UInt8, Sendable, CaseIterable {
  case invalid, created, disposingEarly, disposingDisposeChildren, deferredDisposing, disposed
  case waitingForEarlyDispose, waitingForParentDeleteAndDisposed, deferredDeleting
  case deletedDisposing, deletedAndDisposed, deferredDestroy, destroyed
}

/// The events of an object.
enum ObjectEvent: Sendable, CaseIterable {
  /// Driver code deletes it.
  case delete
  /// The framework disposes of it before its delete.
  case earlyDispose
  /// Its parent disposes of its children.
  case parentDispose
  /// Its parent has finished disposing and releases its children.
  case parentDestroy
  /// A thread that may block picks up deferred work.
  case worker
  /// A parent, child or context is to be added.
  case link
  /// The walk reached it after `parentDispose` or `earlyDispose`.
  case begin
  /// The walk cannot continue here now.
  case park
  /// Its own cleanups have returned.
  case finish
  /// The last pin is gone.
  case lastPin
}

/// Facts besides an object's state that the reaction to an event depends on.
struct Surroundings: Sendable {
  /// There is no parent, or it is in `created`.
  var parentIsLive = true
  /// The object requires a passive thread and this is not one.
  var mustDefer = false
  /// It was deleted while it was being disposed of.
  var deleteWasCalled = false
  /// It was disposed of early by the framework, not by its parent.
  var isEarly = false
}

/// The reaction to an event.
enum Reaction: Equatable, Sendable {
  /// Enter this state; `unlinks` means: leave the parent's child list first.
  case move(ObjectState, unlinks: Bool = false)
  /// Nothing to do; another thread will do it, or has done it.
  case drop
  /// The caller gets an error.
  case refuse
  /// A contradiction in the framework: `VE-STATE`.
  case fault
}

extension ObjectState {
  /// The reaction to `event` in this state: the table of states and events, nothing else.
  func reaction(to event: ObjectEvent, _ around: Surroundings) -> Reaction {
    switch event {
    case .delete: reactionToDelete(around)
    case .earlyDispose: reactionToEarlyDispose(around)
    case .parentDispose: reactionToParentDispose
    case .parentDestroy: reactionToParentDestroy
    case .worker: reactionToWorker
    case .link: self == .created ? .move(.created) : .refuse
    case .begin: self == .disposingEarly ? .move(.disposingDisposeChildren) : .fault
    case .park: reactionToPark
    case .finish: reactionToFinish(around)
    case .lastPin:
      self == .deletedAndDisposed
        ? .move(around.mustDefer ? .deferredDestroy : .destroyed) : .fault
    }
  }

  private func reactionToDelete(_ around: Surroundings) -> Reaction {
    switch self {
    case .created where around.parentIsLive:
      .move(around.mustDefer ? .deferredDeleting : .deletedDisposing, unlinks: true)
    case .created: .move(.waitingForEarlyDispose)
    case .disposed where around.parentIsLive: .move(.deletedAndDisposed, unlinks: true)
    case .disposed: .move(.waitingForParentDeleteAndDisposed)
    default: .drop
    }
  }

  private func reactionToEarlyDispose(_ around: Surroundings) -> Reaction {
    guard self == .created else { return .refuse }
    return around.parentIsLive
      ? .move(.disposingEarly, unlinks: true) : .move(.waitingForEarlyDispose)
  }

  private var reactionToParentDispose: Reaction {
    switch self {
    case .created, .waitingForEarlyDispose: .move(.disposingEarly)
    case .deferredDisposing: .move(.disposingDisposeChildren)
    case .disposingEarly, .disposed, .waitingForParentDeleteAndDisposed, .deletedDisposing,
      .deletedAndDisposed:
      .drop
    default: .fault
    }
  }

  private var reactionToParentDestroy: Reaction {
    switch self {
    case .disposed, .waitingForParentDeleteAndDisposed: .move(.deletedAndDisposed)
    case .disposingDisposeChildren, .deletedDisposing, .deletedAndDisposed: .drop
    default: .fault
    }
  }

  private var reactionToWorker: Reaction {
    switch self {
    case .deferredDisposing: .move(.disposingDisposeChildren)
    case .deferredDeleting: .move(.deletedDisposing)
    case .deferredDestroy: .move(.destroyed)
    default: .fault
    }
  }

  private var reactionToPark: Reaction {
    switch self {
    case .disposingEarly, .disposingDisposeChildren: .move(.deferredDisposing)
    case .deletedDisposing: .move(.deferredDeleting)
    default: .fault
    }
  }

  private func reactionToFinish(_ around: Surroundings) -> Reaction {
    switch self {
    case .disposingDisposeChildren where around.isEarly && around.deleteWasCalled:
      .move(.deletedAndDisposed)
    case .disposingDisposeChildren: .move(.disposed)
    case .deletedDisposing: .move(.deletedAndDisposed)
    default: .fault
    }
  }
}
