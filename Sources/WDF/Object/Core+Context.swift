internal import Synchronization

extension Core {
  /// The box of a context type, whatever state the object is in.
  func box<C: ~Copyable & Sendable>(_ type: C.Type) -> TypedContextBox<C>? {
    var next = contexts.load()
    while let box = next {
      if let typed = box.typed(type) { return typed }
      next = box.next.load()
    }
    return nil
  }

  /// Hangs a box to the end of the list.
  ///
  /// The tree lock makes it one at a time.
  func append(_ box: ContextBox) {
    guard contexts.storeIfNil(box) !== box, var last = contexts.load() else { return }
    while true {
      let next = last.next.storeIfNil(box)
      if next === box { return }
      last = next
    }
  }

  /// Runs every cleanup that has not run, in the order in which the contexts were added.
  func cleanUpContexts() {
    guard word.phase != .quarantined else { return }
    forEachContext { $0.cleanUp(self) }
  }

  /// Moves every context out, in the order in which they were added.
  func destroyContexts() {
    forEachContext { $0.destroy(id) }
  }

  func forEachContext(_ body: (ContextBox) -> Void) {
    var next = contexts.load()
    while let box = next {
      body(box)
      next = box.next.load()
    }
  }

  /// Lends the context of a type; the running body holds a pin.
  func withContext<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    if case .refused(let phase) = word.pin() { return try lendAgain(type, phase, body) }
    if recordsTags { recordTag("withContext \(C.self)") }
    ThreadState.with { $0.bodies.append(id) }
    defer {
      ThreadState.with { _ = $0.bodies.popLast() }
      if recordsTags { forgetTag("withContext \(C.self)") }
      if word.unpin() { framework.lastPinIsGone(self) }
    }
    return try lend(type, body)
  }

  /// Lends what no new pin is to be had for, if an older body on this thread has one.
  private func lendAgain<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ phase: PinWord.Phase, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    let isPinnedHere = ThreadState.with { $0.bodies.contains(id) }
    guard phase == .deletedAndDisposed, isPinnedHere else { throw refusal(type, phase) }
    return try lend(type, body)
  }

  private func lend<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    guard let box = box(type) else { throw error(.contextMissing) }
    guard let result = try box.withValue(body) else { throw error(.contextDestroying) }
    return result
  }

  private func refusal<C: ~Copyable & Sendable>(
    _ type: C.Type, _ phase: PinWord.Phase
  ) -> WdfError {
    let mayBeMissing = phase == .deletedAndDisposed
    return error(mayBeMissing && box(type) == nil ? .contextMissing : phase.refusal)
  }
}
