internal import Synchronization

extension ObjectHeader {
  /// Runs every cleanup that has not run, in the order of addition.
  func cleanUpContexts() {
    guard word.phase != .quarantined else { return }
    contexts.forEach { $0.cleanUp(self) }
  }

  /// Moves every context out, in the order of addition.
  func destroyContexts() { contexts.forEach { $0.destroy(id) } }

  /// Passes the context of a type to `body`, which holds a pin while it runs.
  ///
  /// Code that does not depend on the type is kept out of here: this is compiled into every
  /// caller's module.
  @inlinable
  func withContext<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    let entry = try enterContext(ObjectIdentifier(type))
    defer { leaveContext(entry) }
    return try entry.box.withValue(as: type, of: id, body)
  }

  /// ``withContext(_:_:)`` for a body with its own error type.
  func withContext<C: ~Copyable & Sendable, R: ~Copyable, E: Error>(
    _ type: C.Type, _ body: (borrowing C) throws(E) -> R
  ) throws -> R {
    let outcome = try withContext(type) { (context) throws(WdfError) -> BodyOutcome<R, E> in
      do throws(E) {
        return .returned(try body(context))
      } catch {
        return .threw(error)
      }
    }
    switch consume outcome {
    case .returned(let result): return result
    case .threw(let error): throw error
    }
  }

  /// The result of a body with its own error type.
  private enum BodyOutcome<R: ~Copyable, E: Error>: ~Copyable {
    case returned(R)
    case threw(E)
  }

  /// A body that is about to run, and whether it took a pin of its own.
  @usableFromInline
  struct ContextEntry {
    @usableFromInline let box: UncountedBox
    let isPinned: Bool
  }

  @usableFromInline
  func enterContext(_ typeID: ObjectIdentifier) throws(WdfError) -> ContextEntry {
    if case .refused(let phase) = word.pin() {
      return ContextEntry(box: try enterAgain(typeID, phase), isPinned: false)
    }
    guard let box = contexts.first(typeID) else {
      if word.unpin() { framework.lastPinIsGone(self) }
      throw error(.contextMissing)
    }
    if recordsTags { recordTag("withContext \(box.typeName)") }
    ThreadState.with { $0.borrows.push(ObjectIdentifier(self)) }
    return ContextEntry(box: box, isPinned: true)
  }

  @usableFromInline
  func leaveContext(_ entry: ContextEntry) {
    guard entry.isPinned else { return }
    ThreadState.with { $0.borrows.pop() }
    if recordsTags { forgetTag("withContext \(entry.box.typeName)") }
    if word.unpin() { framework.lastPinIsGone(self) }
  }

  /// The box of a type when no new pin can be taken, if an outer body on this thread has one.
  private func enterAgain(
    _ typeID: ObjectIdentifier, _ phase: LifetimeWord.Phase
  ) throws(WdfError) -> UncountedBox {
    guard phase == .deletedAndDisposed else { throw error(phase.refusal) }
    guard let box = contexts.first(typeID) else { throw error(.contextMissing) }
    guard ThreadState.with({ $0.borrows.contains(ObjectIdentifier(self)) }) else {
      throw error(.deletePending)
    }
    return box
  }
}
