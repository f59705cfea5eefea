import NDIS
import NdisprotServer
import Testing

@testable import ndisprotd

@Suite("JournalRecord")
struct JournalRecordTests {
  @Test("a value of one line stands behind its key")
  func line() {
    var record = JournalRecord()
    record.add("MESSAGE", "bound np0")
    record.add("PRIORITY", "6")
    #expect(record.encoded == Array("MESSAGE=bound np0\nPRIORITY=6\n".utf8))
  }

  @Test("a value with a newline has its length in front: it cannot make a field of its own")
  func newline() {
    var record = JournalRecord()
    record.add("NDISPROT_CLIENT", "x\nPRIORITY=0")
    #expect(
      record.encoded
        == Array("NDISPROT_CLIENT\n".utf8) + [12, 0, 0, 0, 0, 0, 0, 0]
        + Array("x\nPRIORITY=0\n".utf8))
  }

  @Test("every kind of event has an identifier of its own, as the journal takes it")
  func identifiers() {
    let all = LogEvent.allCases.map(\.rawValue)
    #expect(Set(all).count == all.count)
    for text in all {
      #expect(text.count == 32 && text.allSatisfy { "0123456789abcdef".contains($0) })
    }
  }
}

@Suite("What the service manager shows")
struct StatusTextTests {
  @Test(
    "the status says what is bound, and what is waited for",
    arguments: [
      ([], [], "bound nothing"), (["a"], [], "bound a"),
      (["a"], ["b"], "bound a; waiting for b"), ([], ["a", "b"], "waiting for a, b"),
    ])
  func status(bound: [InterfaceName], missing: [InterfaceName], expected: String) {
    #expect(ErrorMessages.status(bound: bound, missing: missing) == expected)
  }
}
