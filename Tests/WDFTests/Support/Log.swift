import Platform
import Synchronization

@testable import WDF

/// What happened, in order.
final class Log: Sendable {
  private let entries = LockedValue<[String]>([])

  func add(_ entry: String) { entries.withLock { $0.append(entry) } }
  var all: [String] { entries.withLock { $0 } }
  func count(_ entry: String) -> Int { all.count { $0 == entry } }
  func index(_ entry: String) -> Int? { all.firstIndex(of: entry) }

  /// A context that logs its cleanup and its destroy.
  func context<K: ObjectKind>(_ name: String, _ kind: K.Type = K.self) -> Context<K, Named> {
    Context(
      make: { _ in Named(name: name) },
      onCleanup: { [self] _, named in add("cleanup \(named.name)") },
      onDestroy: { [self] _, named in add("destroy \(named.name)") })
  }
}

struct Named: Sendable {
  let name: String
}

/// The reports of a framework.
final class Reports: Sendable {
  private let entries = LockedValue<[Report]>([])
  var all: [Report] { entries.withLock { $0 } }
  var codes: [Report.Code] { all.map(\.code) }
  func of(_ code: Report.Code) -> [Report] { all.filter { $0.code == code } }

  func framework(
    _ verifier: VerifierMode = .on, executor: (any Executor)? = nil, yields: Bool = false
  ) -> Framework {
    Framework(verifier: verifier, executor: executor, yieldsAtLocks: yields) { [self] report in
      entries.withLock { $0.append(report) }
    }
  }
}

/// Requests' ends, in order.
final class Sink: RequestSink {
  struct Entry: Hashable, Sendable {
    let id: UInt64
    let status: RequestStatus
    let information: Int
  }

  private let entries = LockedValue<[Entry]>([])
  private let onCompletion: @Sendable (RequestParameters) -> Void

  init(_ onCompletion: @escaping @Sendable (RequestParameters) -> Void = { _ in }) {
    self.onCompletion = onCompletion
  }

  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    entries.withLock {
      $0.append(Entry(id: parameters.id, status: status, information: information))
    }
    onCompletion(parameters)
  }

  var all: [Entry] { entries.withLock { $0 } }
  var ids: [UInt64] { all.map(\.id) }
  func status(_ id: UInt64) -> RequestStatus? { all.first { $0.id == id }?.status }
}

func read(_ id: UInt64, room: Int = 100) -> RequestParameters {
  RequestParameters(type: .read, id: id, outputByteCount: room)
}
