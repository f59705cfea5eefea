import Synchronization
import WDF

/// The bytes of one request: the driver's own type, which the framework carries and does not look into.
final class EchoBuffers: Sendable {
  let input: String
  private let text = Mutex("")

  init(_ input: String = "") { self.input = input }

  var output: String { text.withLock { $0 } }
  func put(_ line: String) { text.withLock { $0 = line } }
}

/// The driver's globals, which any callback reaches through the driver.
struct EchoGlobals: Sendable {
  let name: String
}

/// A driver that keeps the lines that are written to it until they are read.
///
/// Reads and writes come through one parallel queue. A write goes on to a sequential queue, so that
/// lines are kept in order; a read goes on to a manual queue, where it waits until there is a line. A
/// device control is answered by a timer, and can be cancelled until then.
final class EchoDriver: Sendable {
  let device: Ref<ControlDevice>
  private let lines: WaitLock<[String]>
  private let reads: Ref<Queue>
  private let delayed = Delayed()

  /// DriverEntry: everything is made before the device takes its first client.
  init(_ driver: Ref<Driver>) throws(WdfError) {
    device = try driver.makeControlDevice("Echo")
    lines = try device.makeWaitLock("lines", [])
    reads = try device.makeQueue("reads", QueueConfiguration(.manual, timeout: .seconds(30)))
    let answer = try device.makeWorkItem("answer") { [lines, reads] _ in
      Self.answer(lines, reads)
    }

    var writing = QueueConfiguration(.sequential)
    writing.handlers[.write] = { [lines] _, request in
      let line = request.buffers(as: EchoBuffers.self)?.input ?? ""
      let isKept = (try? lines.withLock { $0.append(line) }) != nil
      request.complete(isKept ? .success : .internalError, information: line.utf8.count)
      _ = try? answer.enqueue()
    }
    let writes = try device.makeQueue("writes", writing)

    var all = QueueConfiguration(.parallel())
    all.handlers[.write] = { _, request in Self.pass(request, to: writes) }
    all.handlers[.read] = { [reads] _, request in
      Self.pass(request, to: reads)
      _ = try? answer.enqueue()
    }
    let timer = try device.makeTimer("delay") { [delayed] _ in delayed.end() }
    all.handlers[.deviceControl] = { [delayed] _, request in
      delayed.begin(request)
      _ = try? timer.start(after: .milliseconds(20))
    }
    _ = try device.makeQueue("requests", all, isDefault: true)
    device.finishInitializing()
  }

  /// Hands a request on; one that is refused is still ours, and ends here.
  private static func pass(_ request: consuming OwnedRequest, to queue: Ref<Queue>) {
    switch request.forward(to: queue) {
    case .accepted: break
    case .refused(let request, _): request.complete(.invalidDeviceState)
    }
  }

  /// The work item: gives lines to reads as long as there are both.
  private static func answer(_ lines: WaitLock<[String]>, _ reads: Ref<Queue>) {
    while let read = (try? reads.retrieveNext()) ?? nil {
      let line = (try? lines.withLock { $0.isEmpty ? nil : $0.removeFirst() }) ?? nil
      guard let line else {
        if case .refused(let read, _) = read.requeue() { read.complete(.internalError) }
        return
      }
      read.buffers(as: EchoBuffers.self)?.put(line)
      read.complete(.success, information: line.utf8.count)
    }
  }
}

/// Requests that the timer ends, unless their client cancels them before.
final class Delayed: Sendable {
  private let waiting = Mutex<[UInt64: Token]>([:])

  /// A dictionary holds no value that cannot be copied.
  private final class Token: Sendable {
    private let token: Mutex<CancelableRequest?>
    init(_ token: consuming CancelableRequest) { self.token = Mutex(token) }
    func take() -> CancelableRequest? { token.withLock { $0.take() } }
  }

  func begin(_ request: consuming OwnedRequest) {
    let id = request.id
    let outcome = request.markCancelable { [self] request in
      _ = waiting.withLock { $0.removeValue(forKey: id) }
      let status = request.cancelStatus
      request.complete(status)
    }
    switch consume outcome {
    case .marked(let token):
      let kept = Token(token)
      waiting.withLock { $0[id] = kept }
    case .alreadyCancelled(let request): request.complete(.cancelled)
    }
  }

  /// The timer: what can still be taken back is complete.
  func end() {
    let all = waiting.withLock { waiting in
      defer { waiting = [:] }
      return waiting
    }
    for token in all.values {
      if let token = token.take(), case .reclaimed(let request) = token.unmark() {
        request.complete(.success)
      }
    }
  }
}
