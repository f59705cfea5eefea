internal import Platform
internal import Synchronization

/// One object: the part that remains after its node has left the tree, as long as a ``Ref`` exists.
///
/// Reference counting frees this memory; pins, in `word`, decide when the object is destroyed.
@usableFromInline
final class ObjectHeader: Sendable {
  let framework: Framework
  @usableFromInline let id: ObjectID
  let kind: Kind
  let name: String
  let payload: Payload
  /// The control device above, or the object itself if it is one.
  let ancestorDevice: ObjectHeader?
  /// Deleting and its callbacks must not run in dispatch sections.
  let isPassive: Bool
  let site: CreationSite
  let creationNanoseconds: UInt64
  /// The names from the driver down to here; only the verifier records them.
  let lineage: String
  /// The first explicit delete, with its thread.
  let deleter = LockedValue<StateRecord?>(nil)

  let word = LifetimeWord()
  let contexts = ContextList()
  /// Whether pins are recorded by name.
  let recordsTags: Bool
  private let tags = LockedValue<[PinTag]>([])

  init(_ framework: Framework, _ id: ObjectID, _ birth: ObjectCreation) {
    self.framework = framework
    self.id = id
    kind = birth.kind
    name = birth.name
    payload = birth.payload
    ancestorDevice = birth.parent?.device
    isPassive = birth.isPassive
    site = birth.site
    creationNanoseconds = monotonicNanoseconds()
    lineage =
      framework.verifier == .off
      ? birth.name : (birth.parent.map { $0.lineage + "/" } ?? "") + birth.name
    recordsTags = framework.verifier != .off
  }

  /// The control device this object belongs to.
  var device: ObjectHeader? { kind == .controlDevice ? self : ancestorDevice }

  /// Whether that is this control device.
  func belongs(to device: ObjectHeader) -> Bool {
    kind == .controlDevice ? self === device : ancestorDevice === device
  }

  func error(_ code: WdfError.Code) -> WdfError { WdfError(code, id) }

  /// Reports a fault of this object.
  func report(_ code: Report.Code, _ detail: @autoclosure () -> String) {
    framework.reporter.report(code, id, kind, name, detail())
  }
}

/// The properties of an object before it exists.
struct ObjectCreation {
  let kind: Kind
  let name: String
  let payload: Payload
  let parent: ObjectHeader?
  let isPassive: Bool
  let site: CreationSite
}

/// Where in the source an object was created.
public struct CreationSite: Hashable, Sendable {
  /// Module and file.
  public let fileID: String
  /// The line.
  public let line: UInt
  init(_ fileID: StaticString, _ line: UInt) {
    self.fileID = fileID.description
    self.line = line
  }
}

/// What an object is besides a node with contexts.
enum Payload: Sendable {
  case none
  case driver(DriverCore)
  case device(DeviceCore)
  case file(FileCore)
  case queue(QueueCore)
  case worker(WorkerCore)
  case timer(TimerCore)
  case workItem(WorkItemCore)
}

/// A holder of an object, with its time.
struct PinTag: Sendable {
  let tag: String
  let threadID: Int32
  let sinceNanoseconds: UInt64
}

extension ObjectHeader {
  /// Takes a pin under the name of its holder.
  func pin(_ tag: @autoclosure () -> String) throws(WdfError) {
    if case .refused(let phase) = word.pin() { throw error(phase.refusal) }
    recordTag(tag())
  }

  /// Takes another pin for a holder inside the framework that already has one.
  func pinAgain(_ tag: @autoclosure () -> String) {
    word.pinAgain()
    recordTag(tag())
  }

  /// Releases a pin; the last one destroys the object, on this thread if allowed.
  func unpin(_ tag: @autoclosure () -> String) {
    forgetTag(tag())
    unpinUntagged()
  }

  /// Releases a pin without a record, or whose record is gone.
  func unpinUntagged() {
    if word.unpin() { framework.lastPinIsGone(self) }
  }

  /// The named holders, if the framework records them.
  var holders: [PinTag] { tags.withLock { $0 } }

  func recordTag(_ tag: @autoclosure () -> String) {
    if recordsTags { addTag(tag()) }
  }

  func forgetTag(_ tag: @autoclosure () -> String) {
    guard recordsTags else { return }
    let tag = tag()
    if !removeTag(tag) { report(.tag, "\(tag) gave back a pin it had not taken") }
  }

  /// Records the holder of a pin, with or without the verifier.
  func addTag(_ tag: String) {
    let entry = PinTag(
      tag: tag, threadID: SystemThread.currentID, sinceNanoseconds: monotonicNanoseconds())
    tags.withLock { $0.append(entry) }
  }

  /// Removes the newest record with this tag; false if there is none.
  @discardableResult
  func removeTag(_ tag: String) -> Bool {
    tags.withLock { tags in
      guard let index = tags.lastIndex(where: { $0.tag == tag }) else { return false }
      tags.remove(at: index)
      return true
    }
  }
}

extension LifetimeWord.Phase {
  /// Why a pin or a context is refused in this phase.
  var refusal: WdfError.Code {
    switch self {
    case .constructing: .contextNotInitialized
    case .live, .deleting, .deletedAndDisposed: .deletePending
    case .destroying: .contextDestroying
    case .destroyed, .quarantined: .objectDestroyed
    }
  }
}
