import Platform
import Testing

@testable import WDF

/// A driver with a device that takes opens, and what it logged and reported.
struct Fixture: Sendable {
  let log = Log()
  let reports = Reports()
  let framework: Framework
  let driver: Ref<Driver>
  let device: Ref<ControlDevice>
  let sink: Sink

  init(
    _ verifier: VerifierMode = .on, executor: (any Executor)? = nil, yields: Bool = false,
    onUnload: (@Sendable (Ref<Driver>) -> Void)? = nil
  ) throws {
    let log = log
    framework = reports.framework(verifier, executor: executor, yields: yields)
    sink = Sink { log.add("told \($0.id)") }
    driver = try framework.makeDriver("driver", log.context("driver"), onUnload: onUnload)
    device = try driver.makeControlDevice("device", log.context("device"))
    device.finishInitializing()
  }

  func object(_ name: String, _ options: ObjectOptions = ObjectOptions()) throws -> Ref<General> {
    try driver.makeChild(name, log.context(name), options: options)
  }

  func file(_ name: String = "file") throws -> Ref<FileObject> {
    try device.makeFileObject(
      name, log.context(name), onCleanup: { [log] _ in log.add("file cleanup \(name)") },
      onClose: { [log] _ in log.add("file close \(name)") })
  }

  /// Queues a request of `file`.
  func queue(_ id: UInt64, of file: Ref<FileObject>, in queue: Ref<Queue>) throws {
    forward(try file.makeRequest(read(id), sink: sink), to: queue)
  }

  /// Lets go of a tree that cannot end by itself any more, for the sanitizer's sake.
  func discard() {
    framework.tree.withLock { $0.nodes = [] }
    framework.publish(nil)
  }

  /// Unloads, and expects nothing to be left.
  func unload() throws {
    try driver.unload(deadline: .seconds(60))
    #expect(framework.liveObjectCount == 0)
  }
}

func forward(_ request: consuming OwnedRequest, to queue: Ref<Queue>) {
  switch request.forward(to: queue) {
  case .accepted: return
  case .refused(let request, let error):
    Issue.record("refused: \(error)")
    request.complete(.cancelled)
  }
}

/// The code an expression throws, if any.
func code<R>(_ body: () throws -> R) -> WdfError.Code? {
  do {
    _ = try body()
    return nil
  } catch let error as WdfError {
    return error.code
  } catch {
    return nil
  }
}
