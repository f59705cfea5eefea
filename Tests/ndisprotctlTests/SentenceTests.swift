import Glibc
import NDIS
import NdisprotClient
import Testing

@testable import ndisprotctl

@Suite("what ndisprotctl says")
struct SentenceTests {
  static func context(
    _ binding: String = "np0", present: [String]? = nil
  ) -> Output.Context {
    Output.Context(
      what: "read \(binding)", socketPath: "/run/x.sock", binding: binding, present: present,
      operation: .read)
  }

  /// Every way to fail that needs a remedy of its own, with words that only it has.
  static let failures: [(ClientError, Int32, String)] = [
    (.cannotReach(path: "/x", SystemError(errno: ENOENT, call: "connect")), 3, "no socket /x"),
    (
      .cannotReach(path: "/x", SystemError(errno: ECONNREFUSED, call: "connect")), 3,
      "nothing listens on /x"
    ),
    (
      .cannotReach(path: "/x", SystemError(errno: EACCES, call: "connect")), 6,
      "may not use the socket /x"
    ),
    (
      .cannotReach(path: "/x", SystemError(errno: EPROTOTYPE, call: "connect")), 3,
      "not the socket of ndisprotd"
    ),
    (.untrustedServer(path: "/x", userID: 7), 3, "served by user 7"),
    (.daemonGone, 3, "hung up"),
    (.refused(.notPermitted, .open), 6, "does not permit"),
    (.refused(.adapterNotFound, .open), 4, "there is no binding np0"),
    (.refused(.busy, .open), 5, "without --exclusive"),
    (.timedOut(.read), 7, "--timeout"),
    (.refused(.timedOut, .wait), 7, "ndisprotctl bindings"),
    (.refused(.frameTooLong, .write, bytesNeeded: 1514), 1, "-l 1514 or less"),
    (.refused(.sourceMismatch, .write), 1, "--any-source"),
    (.refused(.etherTypeMismatch, .write), 1, "--ethertype"),
    (.refused(.notReady, .open), 1, "ip link set np0 up"),
    (.refused(.linkDown, .write), 1, "no carrier"),
    (.refused(.adapterRemoved, .read), 1, "went away"),
    (.refused(.oidNotSettable, .set), 1, "cannot be set"),
    (.refused(.notSupported, .query), 1, "does not know this OID"),
    (.refused(.notSupported, .connect), 1, "another version of the protocol"),
    (.refused(.tooManySessions, .connect), 1, "as many sessions"),
    (.refused(.rateExceeded, .write), 1, "faster than your rule allows"),
    (.refused(.tooManyRequests, .read), 1, "a quota of your rule"),
    (.refused(.multicastNotFound, .set), 1, "not in the list"),
    (.denied(.notPermitted, .open, reason: "no rule"), 6, "no rule"),
    (.denied(.tooManyRequests, .read, reason: "requests = 2 is used up"), 1, "requests = 2"),
    (.protocolViolation(.unexpectedReply(id: 3)), 1, "same version"),
  ]

  @Test("each failure has its exit code, a cause and a remedy", arguments: failures)
  func failure(_ error: ClientError, _ exitCode: Int32, _ words: String) {
    let message = Output.message(for: error, Self.context())
    #expect(error.exitCode == exitCode)
    #expect(message.hasPrefix("read np0: "))
    #expect(message.contains(words), "\(message)")
    #expect(message.split(separator: ". ").count >= 2, "no remedy: \(message)")
    #expect(!message.hasSuffix("."))
  }

  @Test("no two failures have the same sentence")
  func distinct() {
    let messages = Self.failures.map { Output.message(for: $0.0, Self.context()) }
    #expect(Set(messages).count == messages.count)
  }

  @Test("every row of the status table has a sentence with a remedy")
  func everyStatus() {
    for row in CompletionStatus.table where !row.status.isSuccess {
      for operation in Operation.allCases {
        let message = Output.message(for: .refused(row.status, operation), Self.context())
        #expect(message.split(separator: ". ").count >= 2, "\(row.name): \(message)")
      }
    }
  }

  @Test("a denial of what only an administrator may says root; one of no binding how to get a rule")
  func denials() {
    let denial = ClientError.denied(.notPermitted, .enumerate, reason: "no rule names bin")
    var context = Self.context()
    context.operation = .administer
    #expect(Output.message(for: denial, context).contains("Run it as root"))
    let anywhere = Output.message(for: denial, Self.context(""))
    #expect(anywhere.contains("policy add") && anywhere.contains("INTERFACE PROTOCOL"))
    #expect(!anywhere.contains("  "))
  }

  @Test("a card that does not answer, or refuses, is not said to be an open or a wait")
  func card() {
    var context = Self.context()
    context.operation = .query
    let late = Output.message(for: .refused(.timedOut, .query), context)
    #expect(late.contains("did not answer for the card of np0"))
    context.operation = .set
    let refused = Output.message(for: .refused(.openFailed, .set), context)
    #expect(refused.contains("refused it for the card of np0"))
  }

  @Test("a binding that is not there is answered with those that are")
  func present() {
    let error = ClientError.refused(.adapterNotFound, .open)
    #expect(
      Output.message(for: error, Self.context(present: ["a", "b"]))
        == "read np0: there is no binding np0. There is a, b; "
        + "others must be in the configuration of ndisprotd")
    #expect(
      Output.message(for: error, Self.context("@9", present: ["a"]))
        == "read @9: there is no binding @9. There is a")
    #expect(
      Output.message(for: error, Self.context(present: []))
        .hasSuffix(
          "Nothing is bound: name np0 in the configuration of ndisprotd, or start it with --interface"
        ))
  }
}
