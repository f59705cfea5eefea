import Glibc
import Synchronization
import WDF

/// A client: hears how each of its requests ended, and what it read.
final class Client: RequestSink {
  private let ends = Mutex<[UInt64: String]>([:])

  func requestCompleted(
    _ request: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    let text = request.buffers(as: EchoBuffers.self)?.output ?? ""
    ends.withLock { $0[request.id] = "errno \(status.errno), \(information) bytes \(text)" }
  }

  /// How a request ended; waits for that, five seconds at most.
  func end(of id: UInt64) -> String {
    for _ in 0..<5_000 {
      if let end = ends.withLock({ $0[id] }) { return end }
      usleep(1_000)
    }
    return "has not ended"
  }
}

/// What went wrong.
private let failures = Mutex<[String]>([])

@main
struct EchoProgram {
  private static func expect(_ what: String, _ found: String, _ expected: String) {
    print("\(what): \(found)")
    if found != expected { failures.withLock { $0.append("\(what): expected \(expected)") } }
  }

  static func main() throws {
    let framework = Framework(verifier: .on) { report in
      failures.withLock { $0.append("\(report)") }
    }
    let driver = try framework.makeDriver(
      "echo", Context(make: { _ in EchoGlobals(name: "echo") }),
      onUnload: { driver in
        let name = try? driver.withContext(EchoGlobals.self) { $0.name }
        print("unload: \(name ?? "no context") lets go of what still calls it")
      })
    let echo = try EchoDriver(driver)
    let client = Client()
    let file = try echo.device.makeFileObject(
      "client", Context(make: { _ in 0 }), onCleanup: { _ in print("the client is gone") },
      onClose: { _ in print("its last request has ended") })
    func submit(_ type: RequestType, _ id: UInt64, _ text: String = "") throws {
      try file.submit(
        RequestParameters(
          type: type, id: id, outputByteCount: 80, buffers: EchoBuffers(text)), sink: client)
    }

    try submit(.read, 1)
    try submit(.write, 2, "hello")
    expect("write", client.end(of: 2), "errno 0, 5 bytes ")
    expect("read", client.end(of: 1), "errno 0, 5 bytes hello")
    try submit(.deviceControl, 3)
    expect("delayed", client.end(of: 3), "errno 0, 0 bytes ")
    try submit(.deviceControl, 4)
    _ = file.cancel(requestID: 4)
    expect("cancelled", client.end(of: 4), "errno 125, 0 bytes ")
    try submit(.read, 5)
    file.close()
    expect("closed", client.end(of: 5), "errno 125, 0 bytes ")

    try driver.unload()
    expect("objects left", "\(framework.liveObjectCount)", "0")
    let wrong = failures.withLock { $0 }
    for line in wrong { print("FAIL: \(line)") }
    exit(wrong.isEmpty ? 0 : 1)
  }
}
