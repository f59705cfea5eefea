import Synchronization
import Testing

@testable import WDF

final class Log: Sendable {
  private let entries = Mutex<[String]>([])
  func add(_ entry: String) { entries.withLock { $0.append(entry) } }
  var all: [String] { entries.withLock { $0 } }
}

final class Sink: RequestSink {
  let log = Log()
  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    log.add("\(parameters.id) \(String(status.ntStatus, radix: 16)) \(information)")
  }
}

@Suite struct Smoke {
  @Test func smoke() throws {
    let log = Log()
    let framework = Framework(verifier: .strict) { log.add("\($0.code.rawValue) \($0.detail)") }
    func context<K: ObjectKind>(_ name: String, _: K.Type = K.self) -> Context<K, Int> {
      Context(
        make: { _ in 1 }, onCleanup: { _, _ in log.add("cleanup \(name)") },
        onDestroy: { _, _ in log.add("destroy \(name)") })
    }
    let driver = try framework.makeDriver("d", context("D", Driver.self)) { _ in log.add("unload") }
    let device = try driver.makeControlDevice("dev", context("dev"))
    let queue = try device.makeQueue("q", .manual)
    device.finishInitializing()
    let file = try device.makeFileObject(
      "f", context("f"), onCleanup: { _ in log.add("fcleanup") },
      onClose: { _ in log.add("fclose") })
    let sink = Sink()
    let request = try file.makeRequest(RequestParameters(type: .read, id: 7), sink: sink)
    switch request.forward(to: queue) {
    case .accepted: break
    case .refused(let request, let error): request.complete(.cancelled); throw error
    }
    let worker = try driver.spawnWorker("w", onStop: { log.add("onStop") }) { token in
      while !token.isStopRequested {}
      log.add("w ended")
    }
    _ = worker
    #expect(queue.count == 1)
    try driver.unload(deadline: .seconds(2))
    print(log.all, sink.log.all)
    #expect(framework.liveObjectCount == 0)
  }
}
