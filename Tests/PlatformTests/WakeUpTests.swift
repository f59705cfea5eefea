import Testing

@testable import Platform

/// A mailbox in a class: `#expect` takes no expression that holds a noncopyable value.
private final class Letters {
  private let mailbox = Mailbox()
  private var batch: [Mailbox.Work] = []

  func post() -> (isTaken: Bool, needsWakeUp: Bool) { mailbox.post {} }
  func stop() -> Bool { mailbox.stop() }
  func prepareToWait() -> Bool { mailbox.prepareToWait() }
  func end() -> Bool { mailbox.end() }
  func take() -> (count: Int, isStopped: Bool) {
    let isStopped = mailbox.take(into: &batch)
    defer { batch.removeAll(keepingCapacity: true) }
    return (batch.count, isStopped)
  }
}

@Suite("Mailbox wake-ups")
struct WakeUpTests {
  private let mailbox = Letters()

  @Test("only a loop that waits is woken, and once for many posts")
  func onlyWhenNeeded() {
    #expect(!mailbox.post().needsWakeUp)
    #expect(!mailbox.prepareToWait())
    #expect(mailbox.take() == (1, false))

    #expect(mailbox.prepareToWait())
    #expect(mailbox.post().needsWakeUp)
    #expect(!mailbox.post().needsWakeUp)
    #expect(!mailbox.stop())
    #expect(mailbox.take() == (2, true))
  }

  @Test("a stop wakes a loop that waits, and keeps it from waiting")
  func stopWakes() {
    #expect(mailbox.prepareToWait())
    #expect(mailbox.stop())
    #expect(!mailbox.prepareToWait())
  }

  @Test("the end is refused while work is left, and refuses work from then on")
  func end() {
    #expect(mailbox.post().isTaken)
    #expect(!mailbox.end())
    #expect(mailbox.take().count == 1)
    #expect(mailbox.end())
    #expect(!mailbox.post().isTaken)
  }
}
