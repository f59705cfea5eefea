import Glibc
import Platform
import Testing

@Suite("Registrations", .timeLimit(.minutes(15)))
struct RegistrationTests {
  let loop: EventLoop
  init() throws { loop = try EventLoop() }

  @Test("what is left unread is reported again: level-triggered")
  func levelTriggered() throws {
    let pair = SocketPair()
    var calls = 0
    let registration = try loop.register(pair.near, .read, ClosureHandler { _ in calls += 1 })
    loop.turns(1)
    #expect(calls == 0)
    pair.makeNearReadable()
    loop.turns(3)
    #expect(calls == 3)
    pair.readNear()
    loop.turns(2)
    #expect(calls == 3)
    loop.unregister(registration)
  }

  @Test("an interest in writing is told when there is room, and not when there is none")
  func writable() throws {
    let pair = SocketPair()
    _ = fcntl(pair.near, F_SETFL, O_NONBLOCK)
    var seen: [Interest] = []
    let registration = try loop.register(pair.near, .write, ClosureHandler { seen.append($0) })
    loop.turns(1)
    #expect(seen == [.write])
    let filler = [UInt8](repeating: 0, count: 4096)
    while write(pair.near, filler, filler.count) > 0 {}
    loop.turns(1)
    #expect(seen == [.write])
    loop.unregister(registration)
  }

  @Test("a hang-up is reported although only reading was asked for")
  func hangUp() throws {
    let pair = SocketPair()
    var seen: Interest = []
    let registration = try loop.register(pair.near, .read, ClosureHandler { seen = $0 })
    pair.closeFar()
    loop.turns(1)
    #expect(seen == [.read, .hangUp])
    loop.unregister(registration)
  }

  @Test("an empty interest takes the descriptor out: nothing is reported, not even a hang-up")
  func emptyInterest() throws {
    let pair = SocketPair()
    var calls = 0
    let registration = try loop.register(pair.near, [], ClosureHandler { _ in calls += 1 })
    pair.makeNearReadable()
    loop.turns(2)
    #expect(calls == 0)
    loop.modify(registration, .read)
    loop.turns(1)
    #expect(calls == 1)
    loop.modify(registration, [])
    pair.closeFar()
    loop.turns(2)
    #expect(calls == 1)
    loop.unregister(registration)
  }

  @Test("an event in the batch for a registration just gone is dropped")
  func unregisteredInBatch() throws {
    let pairs = [SocketPair(), SocketPair()]
    var registrations: [Registration] = []
    var called: [Int] = []
    for index in 0..<2 {
      let handler = ClosureHandler { [loop] _ in
        called.append(index)
        loop.unregister(registrations[1 - index])
      }
      registrations.append(try loop.register(pairs[index].near, .read, handler))
    }
    for pair in pairs { pair.makeNearReadable() }
    loop.turns(1)
    #expect(called.count == 1)
    loop.unregister(registrations[called[0]])
  }

  @Test("a slot used again in the same batch does not get the old registration's event")
  func slotUsedAgain() throws {
    let pairs = [SocketPair(), SocketPair()]
    let quiet = SocketPair()
    var registrations: [Registration] = []
    var called: [Int] = []
    var successor: Registration?
    var successorCalls = 0
    for index in 0..<2 {
      let handler = ClosureHandler { [loop] _ in
        called.append(index)
        guard successor == nil else { return }
        loop.unregister(registrations[1 - index])
        successor = try? loop.register(
          quiet.near, .read, ClosureHandler { _ in successorCalls += 1 })
      }
      registrations.append(try loop.register(pairs[index].near, .read, handler))
    }
    for pair in pairs { pair.makeNearReadable() }
    loop.turns(1)
    #expect(called.count == 1)
    #expect(successorCalls == 0)
    quiet.makeNearReadable()
    loop.turns(1)
    #expect(successorCalls == 1)
    loop.unregister(registrations[called[0]])
    if let successor { loop.unregister(successor) }
  }

  @Test("an event that is no longer wanted is dropped, also within a batch")
  func narrowedInBatch() throws {
    let pairs = [SocketPair(), SocketPair()]
    var registrations: [Registration] = []
    var called: [Int] = []
    for index in 0..<2 {
      let handler = ClosureHandler { [loop] _ in
        called.append(index)
        loop.modify(registrations[1 - index], [])
      }
      registrations.append(try loop.register(pairs[index].near, .read, handler))
    }
    for pair in pairs { pair.makeNearReadable() }
    loop.turns(1)
    #expect(called.count == 1)
    for registration in registrations { loop.unregister(registration) }
  }

  @Test("a handler may unregister itself, and is let go")
  func unregistersItself() throws {
    let pair = SocketPair()
    pair.makeNearReadable()
    var registration: Registration?
    var calls = 0
    weak var observed: ClosureHandler?
    do {
      let handler = ClosureHandler { [loop] _ in
        calls += 1
        if let registration { loop.unregister(registration) }
      }
      observed = handler
      registration = try loop.register(pair.near, .read, handler)
    }
    #expect(observed != nil)
    loop.turns(2)
    #expect(calls == 1)
    #expect(observed == nil)
  }

  @Test("with more descriptors ready than a batch holds, each has its turn")
  func manyReady() throws {
    let pairs = (0..<150).map { _ in SocketPair() }
    var calls = [Int](repeating: 0, count: pairs.count)
    var registrations: [Registration] = []
    for (index, pair) in pairs.enumerated() {
      pair.makeNearReadable()
      let handler = ClosureHandler { _ in calls[index] += 1 }
      registrations.append(try loop.register(pair.near, .read, handler))
    }
    loop.turns(3)
    #expect(calls.allSatisfy { $0 >= 1 })
    for registration in registrations { loop.unregister(registration) }
  }

  @Test("what cannot be watched is refused with the call and its errno")
  func refused() throws {
    let directory = open("/", O_RDONLY)
    defer { close(directory) }
    #expect(throws: SystemError(errno: EPERM, call: "epoll_ctl")) {
      _ = try loop.register(directory, .read, ClosureHandler { _ in })
    }
    #expect(throws: SystemError(errno: EBADF, call: "epoll_ctl")) {
      _ = try loop.register(-1, .read, ClosureHandler { _ in })
    }
    // The slot of a refused descriptor is free for the next.
    let pair = SocketPair()
    pair.makeNearReadable()
    var calls = 0
    let registration = try loop.register(pair.near, .read, ClosureHandler { _ in calls += 1 })
    loop.turns(1)
    #expect(calls == 1)
    loop.unregister(registration)
  }

  @Test("unregistering twice stops the program")
  func unregisterTwice() async {
    await #expect(processExitsWith: .failure) {
      let loop = try EventLoop()
      let pair = SocketPair()
      let registration = try loop.register(pair.near, .read, ClosureHandler { _ in })
      loop.unregister(registration)
      loop.unregister(registration)
    }
  }

  @Test("closing a descriptor before unregistering it stops the program")
  func closedBeforeUnregister() async {
    await #expect(processExitsWith: .failure) {
      let loop = try EventLoop()
      let pair = SocketPair()
      let registration = try loop.register(pair.near, .read, ClosureHandler { _ in })
      close(pair.near)
      loop.unregister(registration)
    }
  }
}
