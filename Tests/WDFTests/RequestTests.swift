import Platform
import Synchronization
import TestSupport
import Testing

@testable import WDF

@Suite("requests and cancelling")
struct RequestTests {
  @Test("wdf T69: a cancel and an unmark at once: one of them completes, once")
  func cancelAgainstUnmark() throws {
    struct Subject: Sendable {
      let file: Ref<FileObject>
      let sink: Sink
      let token: TokenHolder
    }
    let fixture = try Fixture(.off)
    let (byCallback, byDriver) = (Counter(), Counter())
    let file = try fixture.file()
    try race(rounds: 2_000, threads: 2) {
      let sink = Sink()
      let request = try file.makeRequest(read(1), sink: sink)
      switch request.markCancelable({ request in
        byCallback.add()
        request.complete(.cancelled)
      }) {
      case .marked(let token): return Subject(file: file, sink: sink, token: TokenHolder(token))
      case .alreadyCancelled(let request):
        request.complete(.cancelled)
        throw WdfError(.accessDenied)
      }
    } _: { index, subject in
      if index == 0 {
        _ = subject.file.cancel(requestID: 1)
        return
      }
      guard let token = subject.token.take() else { return }
      switch token.unmark() {
      case .reclaimed(let request):
        byDriver.add()
        request.complete(.success)
      case .cancelWon: break
      }
    } check: { (subject: Subject) in
      #expect(subject.sink.ids == [1])
    }
    #expect(byCallback.value + byDriver.value == 2_000)
    try fixture.unload()
  }

  @Test(
    "a client has as many requests as it likes, under any identifiers, each once",
    arguments: [1, 8, 1 << 32, 0x9E37_79B9_7F4A_7C15] as [UInt64])
  func identifiers(stride: UInt64) throws {
    let fixture = try Fixture(.off)
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    let sink = Sink()
    let ids = (1...1_000).map { UInt64($0) &* stride }
    for id in ids { forward(try file.makeRequest(read(id), sink: sink), to: queue) }
    #expect(file.pendingCount == 1_000)
    for id in ids.shuffled() {
      #expect(file.isPending(id))
      do {
        let second = try file.makeRequest(read(id), sink: sink)
        second.complete(.success)
        Issue.record("an identifier in use was taken")
      } catch {
        #expect(error.code == .requestPending)
      }
      #expect(file.cancel(requestID: id) == .completed)
      #expect(!file.isPending(id))
    }
    #expect(file.pendingCount == 0 && sink.ids.sorted() == ids.sorted())
    #expect(file.cancel(requestID: ids[0]) == .notFound)
    try fixture.unload()
  }

  @Test("wdf T70: a cancel and a retrieve at once: either gets the request, never both")
  func cancelAgainstRetrieve() throws {
    let fixture = try Fixture(.off)
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    let (retrieved, cancelled) = (Counter(), Counter())
    try race(rounds: 2_000, threads: 3) {
      let sink = Sink()
      forward(try file.makeRequest(read(1), sink: sink), to: queue)
      return sink
    } _: { index, _ in
      switch index {
      case 0: if case .completed = file.cancel(requestID: 1) { cancelled.add() }
      case 1: if (try? taken(queue)) == 1 { retrieved.add() }
      default: _ = file.isPending(1)
      }
    } check: { sink in
      // A retrieve that came while the cancel was under way leaves the request to it.
      #expect(eventually { sink.ids == [1] })
      #expect(queue.count == 0 && !file.isPending(1))
    }
    #expect(retrieved.value + cancelled.value == 2_000)
    try fixture.unload()
  }

  @Test("wdf T70: a queue that looks empty while a cancel is under way announces the next arrival")
  func readyAfterCancelUnderWay() throws {
    let fixture = try Fixture()
    let told = Counter()
    let queue = try fixture.device.makeQueue("q", .manual)
    try queue.notifyReady { _ in told.add() }
    let file = try fixture.file()
    let first = try file.makeRequest(read(1), sink: fixture.sink)
    guard let core = first.requestCore else { return }
    forward(first, to: queue)
    #expect(told.value == 1)
    // The cancel has won the word and has not come to the list yet.
    #expect(core.move(from: .queued, to: .claimed))
    #expect(try taken(queue) == nil)
    try fixture.queue(2, of: file, in: queue)
    #expect(told.value == 2)
    guard case .queue(let queueCore) = queue.core.payload else { return }
    #expect(queueCore.finishClaimed(core, status: nil) == .completed)
    #expect(try taken(queue) == 2)
    try fixture.unload()
  }

  @Test("wdf T71: who marks a cancelled request keeps it, and is not called")
  func markCancelled() throws {
    let fixture = try Fixture()
    let file = try fixture.file()
    let request = try file.makeRequest(read(1), sink: fixture.sink)
    #expect(file.cancel(requestID: 1) == .requested)
    let isCancelled = request.isCancelled
    #expect(isCancelled)
    switch request.markCancelable({ _ in Issue.record("called") }) {
    case .marked: Issue.record("marked")
    case .alreadyCancelled(let request): request.complete(.cancelled)
    }
    #expect(fixture.sink.status(1) == .cancelled)
    #expect(file.cancel(requestID: 1) == .notFound)
    try fixture.unload()
  }

  @Test("wdf T72: what the driver has seen and is cancelled in a queue comes to its callback")
  func canceledOnQueue() throws {
    let fixture = try Fixture()
    let kept = Kept()
    var configuration = QueueConfiguration.manual
    configuration.onCanceledOnQueue = { _, request in kept.keep(request) }
    let queue = try fixture.device.makeQueue("q", configuration)
    let file = try fixture.file()
    try file.submit(read(1), sink: fixture.sink, to: queue)
    try fixture.queue(2, of: file, in: queue)
    #expect(file.cancel(requestID: 1) == .completed)
    #expect(fixture.sink.ids == [1] && kept.count == 0)
    #expect(file.cancel(requestID: 2) == .requested)
    #expect(fixture.sink.ids == [1] && kept.count == 1 && file.isPending(2))
    kept.completeFirst(.cancelled)
    #expect(fixture.sink.ids == [1, 2])
    try fixture.unload()
  }

  @Test("wdf T73: a request's cleanups run before its end is told, its destroy after")
  func requestContext() throws {
    let log = Log()
    let fixture = try Fixture()
    let sink = Sink { log.add("told \($0.id)") }
    var configuration = QueueConfiguration(.sequential)
    configuration.defaultHandler = { _, request in
      log.add("shown \(request.id)")
      if request.id == 1 {
        try? request.addContext(log.context("request"))
        _ = try? request.object().makeChild("child", log.context("child"))
        #expect((try? request.object())?.parent == nil)
        #expect((try? request.withContext(Named.self) { $0.name }) == "request")
        #expect(code { try request.object().makeWorkItem("i") { _ in } } == .invalidRequest)
      }
      request.complete(.success)
    }
    let queue = try fixture.device.makeQueue("q", configuration)
    let file = try fixture.file()
    try queue.stop()
    for id in 1...2 { try file.submit(read(UInt64(id)), sink: sink, to: queue) }
    try queue.start()
    #expect(
      log.all == [
        "shown 1", "cleanup child", "cleanup request", "destroy child", "told 1",
        "destroy request", "shown 2", "told 2",
      ])
    try fixture.unload()
  }

  @Test("wdf T74: a request that goes out of scope is completed and reported")
  func dropped() throws {
    let fixture = try Fixture(.off)
    var configuration = QueueConfiguration(.sequential)
    configuration.defaultHandler = { _, request in _ = consume request }
    let queue = try fixture.device.makeQueue("q", configuration)
    let file = try fixture.file()
    for id in 1...2 { try file.submit(read(UInt64(id)), sink: fixture.sink, to: queue) }
    #expect(fixture.sink.all.map(\.status) == [.internalError, .internalError])
    #expect(fixture.reports.codes == [.dropped, .dropped])
    try fixture.unload()
  }

  @Test("wdf T76: more bytes than there was room for are clamped and reported")
  func information() throws {
    let fixture = try Fixture(.on)
    let file = try fixture.file()
    try file.makeRequest(read(1, room: 10), sink: fixture.sink).complete(.success, information: 11)
    try file.makeRequest(read(2, room: 10), sink: fixture.sink).complete(.success, information: 10)
    let write = RequestParameters(type: .write, id: 3)
    try file.makeRequest(write, sink: fixture.sink).complete(.success, information: 1_500)
    #expect(fixture.sink.all.map(\.information) == [10, 10, 1_500])
    #expect(fixture.reports.codes == [.information])
    try fixture.unload()
  }

  @Test("wdf T103: a request cancelled before it is forwarded is taken and cancelled there")
  func forwardCancelled() throws {
    let fixture = try Fixture()
    var configuration = QueueConfiguration.manual
    configuration.cancelStatus = RequestStatus(ntStatus: 0xC000_0120, ndisStatus: 7, errno: 125)
    let queue = try fixture.device.makeQueue("q", configuration)
    let file = try fixture.file()
    let request = try file.makeRequest(read(1), sink: fixture.sink)
    #expect(file.cancel(requestID: 1) == .requested)
    forward(request, to: queue)
    #expect(fixture.sink.status(1) == configuration.cancelStatus)
    #expect(queue.status.queuedCount == 0 && queue.status.ownedCount == 0)
    try fixture.unload()
  }

  @Test("a purge gives the status it was called with, a cancel the queue's own")
  func purgeStatus() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    for id in 1...2 { try fixture.queue(UInt64(id), of: file, in: queue) }
    let removed = RequestStatus(ntStatus: 0xC000_0120, ndisStatus: 0xC001_0018, errno: 19)
    #expect(file.cancel(requestID: 1) == .completed)
    try queue.purge(status: removed)
    #expect(fixture.sink.all.map(\.status) == [.cancelled, removed])
    try fixture.unload()
  }

  @Test("an identifier is free again when the end of its request is told")
  func identifierInUse() throws {
    let fixture = try Fixture()
    let file = try fixture.file()
    let wasPending = LockedValue<Bool?>(nil)
    let sink = Sink { parameters in
      let isPending = file.isPending(parameters.id)
      wasPending.withLock { $0 = isPending }
    }
    let request = try file.makeRequest(read(1), sink: sink)
    #expect(file.isPending(1))
    #expect(
      code { try file.makeRequest(read(1), sink: sink).complete(.success) } == .requestPending)
    request.complete(.success)
    #expect(wasPending.withLock { $0 } == false)
    try file.makeRequest(read(1), sink: sink).complete(.success)
    #expect(sink.ids == [1, 1])
    try fixture.unload()
  }
}

@Suite("file objects")
struct FileObjectTests {
  @Test(
    "wdf T83, T106: a client that goes: cleanup, what is queued, what can be cancelled, the rest, close"
  )
  func disconnect() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let file = try fixture.file()
    try fixture.queue(1, of: file, in: queue)
    try fixture.queue(2, of: file, in: queue)
    let owned = RequestHolder(try file.makeRequest(read(3), sink: fixture.sink))
    let marked = try file.makeRequest(read(4), sink: fixture.sink).markCancelable {
      fixture.log.add("cancel callback")
      $0.complete(.cancelled)
    }
    file.close()
    file.close()
    #expect(
      fixture.log.all == [
        "file cleanup file", "told 1", "told 2", "cancel callback", "told 4",
      ])
    #expect(
      code { try file.makeRequest(read(9), sink: fixture.sink).complete(.success) }
        == .deletePending)
    #expect(file.state == .created && file.pendingCount == 1)
    #expect(owned.complete(.success))
    #expect(
      fixture.log.all.suffix(4) == ["told 3", "file close file", "cleanup file", "destroy file"])
    if case .marked(let token) = marked, case .reclaimed = token.unmark() {
      Issue.record("reclaimed what was cancelled")
    }
    try fixture.unload()
  }

  @Test("wdf T84, T106: an open that its callback refuses ends without cleanup and close")
  func refusedOpen() throws {
    let fixture = try Fixture()
    let depth = Counter()
    let failure = code {
      try fixture.device.makeFileObject(
        "f", fixture.log.context("f"),
        onCreate: { _ throws(WdfError) in
          depth.add(CriticalRegion.depth)
          throw WdfError(.accessDenied)
        }, onCleanup: { _ in fixture.log.add("file cleanup") },
        onClose: { _ in fixture.log.add("file close") })
    }
    #expect(failure == .accessDenied)
    #expect(depth.value == 1)
    #expect(fixture.log.all == ["cleanup f", "destroy f"])
    #expect(fixture.framework.liveObjectCount(of: .fileObject) == 0)
    try fixture.unload()
  }

  @Test("wdf T85, T86: clients that go while the adapter is unbound: every request is told once")
  func disconnectAgainstUnbind() throws {
    struct Subject: Sendable {
      let binding: Ref<General>
      let queue: Ref<Queue>
      let files: [Ref<FileObject>]
      let sink = Sink()
    }
    let fixture = try Fixture(.off)
    try race(rounds: 300, threads: 4) {
      let binding = try fixture.device.makeChild("binding")
      let subject = Subject(
        binding: binding, queue: try binding.makeQueue("reads", .manual),
        files: [try fixture.file("a"), try fixture.file("b")])
      for id in 0..<4 {
        let file = subject.files[id % 2]
        forward(try file.makeRequest(read(UInt64(id)), sink: subject.sink), to: subject.queue)
      }
      return subject
    } _: { index, subject in
      switch index {
      case 0: subject.files[0].close()
      case 1:
        try? subject.queue.purge()
        _ = try? subject.binding.delete()
      case 2:
        // Has seen "bound" and is about to forward: refused, with the request given back.
        guard let request = try? subject.files[1].makeRequest(read(9), sink: subject.sink) else {
          return
        }
        if case .refused(let request, _) = request.forward(to: subject.queue) {
          request.complete(.cancelled)
        }
      default: _ = try? taken(subject.queue)
      }
    } check: { subject in
      subject.files[1].close()
      #expect(eventually { subject.sink.ids.count == 5 })
      #expect(subject.sink.ids.sorted() == [0, 1, 2, 3, 9])
      #expect(eventually { subject.queue.state == .destroyed })
      #expect(eventually { subject.files.allSatisfy { $0.state == .destroyed } })
    }
    try fixture.unload()
  }

  @Test("wdf T85: what one client's end cancels is its own alone")
  func endsAlone() throws {
    let fixture = try Fixture()
    let queue = try fixture.device.makeQueue("q", .manual)
    let (a, b) = (try fixture.file("a"), try fixture.file("b"))
    try fixture.queue(1, of: a, in: queue)
    try fixture.queue(2, of: b, in: queue)
    a.close()
    #expect(fixture.sink.ids == [1])
    #expect(try taken(queue) == 2)
    try fixture.unload()
  }

  @Test("wdf T106: an exclusive device is open once")
  func exclusive() throws {
    let fixture = try Fixture()
    let device = try fixture.driver.makeControlDevice("exclusive", isExclusive: true)
    device.finishInitializing()
    let first = try device.makeFileObject("first", Log().context("first"))
    #expect(code { try device.makeFileObject("second", Log().context("second")) } == .accessDenied)
    first.close()
    _ = try device.makeFileObject("third", Log().context("third"))
    try fixture.unload()
  }

  @Test("wdf DR-17: a device that is deleted while open ends with its last handle")
  func deviceHeldOpen() throws {
    let fixture = try Fixture()
    let file = try fixture.file()
    #expect(try fixture.device.delete() == .deferred)
    #expect(fixture.device.state == .created)
    #expect(code { try fixture.file("late") } == .deletePending)
    file.close()
    #expect(fixture.device.state == .destroyed)
    try fixture.unload()
  }

  @Test("a thousand sessions leave no object behind")
  func manySessions() throws {
    let fixture = try Fixture(.off)
    let queue = try fixture.device.makeQueue("q", .manual)
    let before = fixture.framework.liveObjectCount
    onThreads(4) { index in
      for number in 0..<250 {
        guard let file = try? fixture.file("f\(number)") else { continue }
        if let request = try? file.makeRequest(read(1), sink: fixture.sink) {
          forward(request, to: queue)
        }
        file.close()
      }
    }
    #expect(fixture.framework.liveObjectCount == before)
    #expect(fixture.sink.ids.count == 1_000)
    try fixture.unload()
  }
}
