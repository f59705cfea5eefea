import Glibc
import NDIS
import NdisprotControl
import Synchronization
import TestSupport
import Testing

@testable import NdisprotClient

@Suite("ResumingBinding", .timeLimit(.minutes(15)))
struct ResumingBindingTests {
  @Test("what was under way ends as restarted, once, and the open is there again as it was granted")
  func resumes() throws {
    let daemon = try RestartingDaemon([
      { peer throws in
        try peer.grantOpen()
        try peer.receive(.read)
      },
      { peer throws in
        let wait = try peer.receive(.wait)
        let names = try WaitRequest(decoding: wait.payload.span.bytes).names
        #expect(names == ["np0"])
        peer.reply(to: wait.header)
        let message = try peer.receive(.open)
        let open = try OpenRequest(decoding: message.payload.span.bytes)
        #expect(open.mode == .exclusive && open.flags == [.outgoing] && open.name == "np0")
        #expect(open.etherTypes == EtherTypeSet([0x88CC]) && open.queueByteCount == 1 << 20)
        peer.reply(to: message.header, .success, RestartingDaemon.grant(open))
        peer.reply(
          to: try peer.receive(.read).header, .success, ScriptedPeer.records([60]), count: 1)
      },
    ])
    let binding = try Connection(path: daemon.path).open(
      "np0", etherTypes: EtherTypeSet([0x88CC]), mode: .exclusive, flags: .outgoing)
    let resuming = ResumingBinding(binding, path: daemon.path)
    let read = { (binding: OpenBinding) throws(ClientError) in
      try binding.read(timeout: .seconds(Patience.seconds))
    }
    #expect(failure { try resuming.attempt(.read, read) } == .refused(.restarted, .read))
    #expect(resuming.resumeCount == 1)
    #expect(try resuming.attempt(.read, read).bytes.count == 60)
    try daemon.join()
  }

  @Test("a write is sent once: neither the one under way nor the one before is sent again")
  func writesOnce() throws {
    let written = Mutex<[UInt8]>([])
    let daemon = try RestartingDaemon([
      { peer throws in
        try peer.grantOpen()
        let first = try peer.receive(.write)
        written.withLock { $0.append(first.payload[24]) }
        peer.reply(to: first.header)
        // It dies with this one in its hands.
        let second = try peer.receive(.write)
        written.withLock { $0.append(second.payload[24]) }
      },
      { peer throws in
        peer.reply(to: try peer.receive(.wait).header)
        try peer.grantOpen()
        let third = try peer.receive(.write)
        written.withLock { $0.append(third.payload[24]) }
        peer.reply(to: third.header)
        #expect(throws: ScriptedPeer.ScriptError.self) { try peer.receive() }
      },
    ])
    do {
      let resuming = ResumingBinding(
        try Connection(path: daemon.path).open("np0", etherTypes: .eapol), path: daemon.path)
      let ends = (1...3).map { number in
        failure {
          try resuming.attempt(.write) { binding throws(ClientError) in
            try binding.write([UInt8](repeating: number, count: 60).span.bytes)
          }
        }
      }
      #expect(ends == [nil, .refused(.restarted, .write), nil])
    }
    try daemon.join()
    #expect(written.withLock(\.self) == [1, 2, 3])
  }

  @Test("FrameWriter: statuses that came count, the rest is restarted, and nothing is outstanding")
  func writerIsAbandoned() throws {
    let isAnswering = Flag()
    try withOpenBinding(
      { peer throws in
        let first = try peer.receive(.writeBatch)
        try peer.receive(.writeBatch)
        peer.reply(to: first.header, .success, information: 120)
        isAnswering.clear()
      },
      { binding throws in
        var writer = FrameWriter(binding, frameLimit: 2)
        for _ in 0..<5 {
          try writer.write([UInt8](repeating: 0, count: 60).span.bytes)
        }
        // The fifth has not left; the script hangs up behind its answer to the first two.
        #expect(eventually { !isAnswering.isSet })
        let report = writer.abandon()
        #expect(report.submitted == 5 && report.sent == 2 && report.sentByteCount == 120)
        #expect(report.failures == [.restarted: 3] && report.outstanding == 0)
      })
  }

  @Test("an error of another kind is thrown as it is, and nothing is opened again")
  func otherErrors() throws {
    try withOpenBinding(
      { peer throws in peer.reply(to: try peer.receive(.read).header, .adapterRemoved) },
      { binding throws in
        let resuming = ResumingBinding(binding, path: "/nonexistent")
        let error = failure {
          try resuming.attempt(.read) { binding throws(ClientError) in try binding.read() }
        }
        #expect(error == .refused(.adapterRemoved, .read) && resuming.resumeCount == 0)
      })
  }

  @Test("a daemon that stays away is given up when time is over")
  func staysAway() throws {
    try withOpenBinding(
      { _ in },
      { binding throws in
        let path = "/nonexistent/socket"
        let resuming = ResumingBinding(binding, path: path, timeout: .milliseconds(80))
        let error = failure { try resuming.resume(after: .daemonGone) }
        #expect(
          error == .cannotReach(path: path, SystemError(errno: ENOENT, call: "connect")))
      })
  }

  @Test("an interruption ends the wait for the daemon")
  func interruption() throws {
    let interruption = try CancellationToken()
    try withOpenBinding(
      interruption: interruption, { _ in },
      { binding throws in
        let resuming = ResumingBinding(binding, path: "/nonexistent/socket", timeout: nil)
        let thread = TestThread {
          usleep(30_000)
          interruption.raise()
        }
        defer { thread.join() }
        #expect(failure { try resuming.resume(after: .daemonGone) } == .interrupted)
      })
  }

  @Test("what belongs to an open is set again before anybody uses it")
  func prepares() throws {
    let daemon = try RestartingDaemon([
      { peer throws in try peer.grantOpen() },
      { peer throws in
        peer.reply(to: try peer.receive(.wait).header)
        try peer.grantOpen()
        let set = try peer.receive(.deviceControl)
        #expect(set.header.code == RequestCode.setOIDValue.rawValue)
        peer.reply(to: set.header)
      },
    ])
    let binding = try Connection(path: daemon.path).open("np0", etherTypes: .eapol)
    let resuming = ResumingBinding(binding, path: daemon.path) { binding throws(ClientError) in
      try binding.set(.currentPacketFilter, [1, 0, 0, 0])
    }
    try resuming.resume(after: .daemonGone)
    try daemon.join()
  }
}

/// A daemon that dies at the end of each script, its socket with it, and comes back a moment later.
private final class RestartingDaemon {
  let path: String
  private let folder: ConnectTests.Folder
  private let thread: TestThread
  private let failure: Failure

  /// What a script threw.
  final class Failure: Sendable {
    let error = Mutex<(any Error)?>(nil)
  }

  init(_ scripts: [@Sendable (ScriptedPeer) throws -> Void]) throws {
    folder = try ConnectTests.Folder()
    let path = "\(folder.path)/socket"
    let failure = Failure()
    self.path = path
    self.failure = failure
    let first = try ConnectTests.bound(path)
    listen(first, 4)
    thread = TestThread {
      do {
        var listener = first
        for (number, script) in scripts.enumerated() {
          if number > 0 {
            usleep(50_000)
            listener = try ConnectTests.bound(path)
            listen(listener, 4)
          }
          defer {
            unlink(path)
            close(listener)
          }
          try RestartingDaemon.serve(listener, script)
        }
      } catch {
        failure.error.withLock { $0 = error }
      }
    }
  }

  private static func serve(
    _ listener: Int32, _ script: (ScriptedPeer) throws -> Void
  ) throws {
    var polled = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
    guard poll(&polled, 1, Patience.milliseconds) > 0 else {
      throw ScriptedPeer.ScriptError.noMessage(errno: 0)
    }
    let peer = ScriptedPeer(descriptor: accept(listener, nil, nil))
    defer { close(peer.descriptor) }
    var patience = timeval(tv_sec: Patience.seconds, tv_usec: 0)
    setsockopt(
      peer.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience,
      socklen_t(MemoryLayout<timeval>.size))
    try peer.greet()
    try script(peer)
  }

  /// OPEN's reply to a request.
  static func grant(_ open: OpenRequest) -> [UInt8] {
    OpenReply(
      mode: open.mode, flags: open.flags, queueByteCount: 1 << 20, interfaceIndex: 18,
      maximumFrameSize: 1500, address: .zero, etherTypes: open.etherTypes, name: open.name.text
    ).encoded
  }

  /// Waits for the end of the last script.
  func join() throws {
    thread.join()
    if let error = failure.error.withLock({ $0 }) { throw error }
  }
}
