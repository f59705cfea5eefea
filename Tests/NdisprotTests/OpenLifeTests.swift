import NDIS
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// Opens as objects of the framework.
@Suite("The life of an open")
struct OpenLifeTests {
  @Test("A-20: while an exclusive open still ends others are busy, and what it ends is not theirs")
  func delayedCleanup() throws {
    let fixture = try DataPathFixture()
    let first = try DataPathFixture.Client(fixture, OpenOptions(mode: .exclusive))
    let id = try first.read()
    // A request in somebody's hands keeps the queue, and so the open, from its end.
    let retrieved = try first.open.readQueue.retrieveNext()
    guard let held = retrieved else {
      Issue.record("the read was not queued")
      return
    }
    first.open.close()
    #expect(throws: BindingError.busy) {
      try DataPathFixture.Client(fixture, OpenOptions(mode: .exclusive))
    }
    held.complete(RequestStatus(.cancelled))
    #expect(first.requester.completion(of: id)?.status == .cancelled)
    #expect(eventually { first.open.object.state == .destroyed })

    let second = try DataPathFixture.Client(fixture, OpenOptions(mode: .exclusive))
    let read = try second.read()
    first.open.close()
    #expect(second.requester.completion(of: read) == nil)
    #expect(second.open.filter.packetFilter == .atOpen)
    fixture.miniport.deliver([Frames.make(number: 1)])
    #expect(second.requester.completion(of: read)?.status == .success)
  }

  @Test("an open that ends while it waits for a capture handle is deleted once, and hears of it")
  func endsWaiting() throws {
    let isQuiet = Flag()
    let fixture = try DataPathFixture(
      framework: Framework(
        verifier: .on,
        report: {
          Issue.record("\($0)")
          isQuiet.clear()
        }))
    fixture.miniport.holdsActivations = true
    let file = try fixture.device.makeFileObject("client", Context(make: { _ in 0 }))
    var result: Result<OpenContext, BindingError>?
    OpenContext.open(
      OpenOptions(), on: fixture.binding, dataPath: fixture.dataPath, file: file,
      client: Credentials(processID: 1, userID: 1000, groupID: 1000, groups: []),
      access: .everything, requester: RecordingRequester()
    ) { result = $0 }
    #expect(result == nil && fixture.miniport.isActivating)
    file.close()
    guard case .failure(.adapterNotFound)? = result else {
      Issue.record("the open that ended has not heard of it: \(String(describing: result))")
      return
    }
    #expect(isQuiet.isSet)
    #expect(fixture.binding.snapshot.openCount == 0)
  }

  @Test("an open keeps its binding from being destroyed, and says so by name")
  func holdsBinding() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let object = fixture.binding.object
    _ = try object.delete()
    #expect(object.state != .destroyed)
    let holders = try #require(
      fixture.framework.snapshot().first { $0.id == object.id }
    ).holders
    #expect(holders.map(\.tag) == ["open 1 of np0, client"])
    client.open.close()
    #expect(object.state == .destroyed)
  }

  @Test("closing the session's file object ends its open and every request, once each")
  func fileClosed() throws {
    let fixture = try DataPathFixture()
    let client = try DataPathFixture.Client(fixture, OpenOptions())
    let read = try client.read()
    client.file.close()
    #expect(client.requester.completion(of: read)?.status == .cancelled)
    #expect(fixture.binding.snapshot.openCount == 0)
    #expect(client.file.state == .destroyed)
    client.open.close()
  }

  @Test("an open whose capture handle cannot be made leaves no object behind")
  func refused() throws {
    let fixture = try DataPathFixture()
    let before = fixture.framework.snapshot().count
    fixture.miniport.activationScript = [.permissionDenied]
    #expect(throws: BindingError.miniport(.permissionDenied)) {
      try DataPathFixture.Client(fixture, OpenOptions())
    }
    // The session's own file object stays.
    #expect(fixture.framework.snapshot().count == before + 1)
    #expect(fixture.binding.snapshot.openCount == 0)
  }
}
