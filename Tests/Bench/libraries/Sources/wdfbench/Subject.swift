internal import WDF

/// A driver with a device, a client and its queue, as the daemon has them.
struct Subject {
  private let driver: Ref<Driver>
  let file: Ref<FileObject>
  private let queue: Ref<Queue>
  private let sink = Sink()

  init(_ verifier: VerifierMode) throws {
    let one = 1
    driver = try Framework(verifier: verifier).makeDriver(
      "bench", Context<Driver, Int>(make: { _ in one }))
    let device = try driver.makeControlDevice("device")
    device.finishInitializing()
    file = try device.makeFileObject("client", Context<FileObject, Int>(make: { _ in one }))
    queue = try device.makeQueue("reads", .manual)
  }

  /// Create, queue, retrieve, complete.
  func live(_ count: Int) throws {
    for index in 0..<count {
      let parameters = RequestParameters(type: .read, id: UInt64(index), outputByteCount: 2_048)
      let request = try file.makeRequest(parameters, sink: sink)
      switch request.forward(to: queue) {
      case .accepted: break
      case .refused(let request, let error):
        request.complete(.cancelled)
        throw error
      }
      try queue.retrieveNext()?.complete(.success)
    }
  }

  /// A pin taken and left, around a look at the context.
  func look(_ count: Int) throws -> Int {
    var sum = 0
    for _ in 0..<count { sum &+= try file.withContext(Int.self) { $0 } }
    return sum
  }

  /// A pin with a tag, which reports name.
  func hold(_ count: Int) throws {
    for _ in 0..<count { _ = try file.hold("bench") }
  }

  func end() throws {
    file.close()
    try driver.unload(deadline: .seconds(5))
  }

  /// What has completed.
  var completedCount: Int { sink.count }

  private final class Sink: RequestSink, @unchecked Sendable {  // One thread completes.
    var count = 0

    func requestCompleted(
      _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
    ) {
      count += 1
    }
  }
}
