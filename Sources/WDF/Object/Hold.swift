/// A tagged pin: while it exists the object is not destroyed, however it is deleted.
///
/// Reports, snapshots and ``UnloadBlocked`` name it by its tag, with or without the verifier.
///
/// - Ownership: releases the pin when dropped
/// - Windows: WdfObjectReferenceWithTag, WdfObjectDereferenceWithTag
public struct Hold: ~Copyable, Sendable {
  private let core: ObjectHeader
  private let tag: String

  init(_ core: ObjectHeader, _ tag: String) throws(WdfError) {
    if case .refused(let phase) = core.word.pin() { throw core.error(phase.refusal) }
    core.addTag(tag)
    self.core = core
    self.tag = tag
  }

  deinit {
    core.removeTag(tag)
    core.unpinUntagged()
  }
}

extension Ref {
  /// Keeps the object from being destroyed until the result is dropped.
  ///
  /// - Throws: `.deletePending`, `.contextDestroying`, `.objectDestroyed` if it is too late
  public func hold(_ tag: String) throws(WdfError) -> Hold { try Hold(core, tag) }
}
