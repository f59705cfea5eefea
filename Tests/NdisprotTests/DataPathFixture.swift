import MDL
import NDIS
import Synchronization
import TestSupport
import Testing
import WDF

@testable import Ndisprot

/// Who asked, and what it was told: the session's place in these tests.
final class RecordingRequester: RequestClient, @unchecked Sendable {  // One test's thread.
  struct Completion: Equatable {
    let id: UInt64
    let status: CompletionStatus
    let information: Int
    let bytesNeeded: Int
  }

  private(set) var completions: [Completion] = []
  private(set) var delivered: [UInt64: [UInt8]] = [:]
  private(set) var outputs: [UInt64: [UInt8]] = [:]
  private var answered: [UInt64: Answer] = [:]
  /// The client's socket is full.
  var isFull = false
  /// Bytes of records that the client's socket takes in one message.
  var recordByteLimit = Int.max

  func answer(
    _ parameters: RequestParameters, _ answer: Answer, _ body: AnswerBody
  ) -> AnswerOutcome {
    switch body {
    case .nothing: break
    case .bytes(let bytes):
      outputs[parameters.id] = (0..<bytes.byteCount).map {
        bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
      }
    case .records(let records):
      guard !isFull else { return .blocked }
      guard records.byteCount <= recordByteLimit else {
        return .tooLong(recordByteLimit: recordByteLimit)
      }
      var all = [UInt8](repeating: 0, count: records.byteCount)
      var span = all.mutableSpan
      var out = span.mutableBytes
      try? records.span.copyBytes(to: &out)
      delivered[parameters.id] = all
    }
    answered[parameters.id] = answer
    return .taken
  }

  /// Why the policy refused frames.
  private(set) var refusals: [AccessRefusal] = []

  func refused(_ refusal: AccessRefusal, of parameters: RequestParameters) {
    refusals.append(refusal)
  }

  /// Work that began and has not ended: the session's clock would run on.
  private(set) var runningWork = 0

  func workBegins() -> Bool {
    runningWork += 1
    return true
  }

  func workEnds(_ isMeasured: Bool) { runningWork -= isMeasured ? 1 : 0 }

  func onLoop(_ work: @escaping @Sendable () -> Void) { work() }

  func requestCompleted(
    _ parameters: RequestParameters, status: RequestStatus, information: Int, bytesNeeded: Int
  ) {
    completions.append(
      Completion(
        id: parameters.id, status: CompletionStatus(status), information: information,
        bytesNeeded: bytesNeeded))
  }

  func requestAnswered(
    _ parameters: RequestParameters, status: RequestStatus, information: Int
  ) {
    guard let answer = answered.removeValue(forKey: parameters.id) else {
      Issue.record("request \(parameters.id) ended as answered, and was not")
      return
    }
    #expect(answer.status == CompletionStatus(status) && answer.information == information)
    completions.append(
      Completion(
        id: parameters.id, status: answer.status, information: answer.information,
        bytesNeeded: answer.bytesNeeded))
  }

  /// How the request with this id ended, nil while it is pended.
  ///
  /// Twice is a defect.
  func completion(of id: UInt64) -> Completion? {
    let all = completions.filter { $0.id == id }
    precondition(all.count <= 1, "request \(id) was completed \(all.count) times")
    return all.first
  }
}

/// An executor whose time is the test's.
final class ManualExecutor: Executor, @unchecked Sendable {  // One test's thread.
  final class Work: ScheduledWork, @unchecked Sendable {  // One test's thread.
    let work: @Sendable () -> Void
    private(set) var isCancelled = false
    init(_ work: @escaping @Sendable () -> Void) { self.work = work }
    func cancel() { isCancelled = true }
  }

  private(set) var scheduled: [Work] = []
  /// How long each of those was to wait, in nanoseconds.
  private(set) var delays: [UInt64] = []
  /// Those of less than a minute: the reading of the kernel's counters (law D1) is none of them.
  var soonDelays: [UInt64] { delays.filter { $0 < 60_000_000_000 } }
  var isCurrent: Bool { true }

  func post(_ work: @escaping @Sendable () -> Void) { work() }

  func schedule(
    afterNanoseconds delay: UInt64, _ work: @escaping @Sendable () -> Void
  ) -> any ScheduledWork {
    let entry = Work(work)
    scheduled.append(entry)
    delays.append(delay)
    return entry
  }

  /// Lets the time of everything that is scheduled come.
  func runScheduled() {
    let due = scheduled
    scheduled = []
    delays = []
    for entry in due where !entry.isCancelled { entry.work() }
  }
}

/// A binding on a scripted miniport, with one framework of its own.
final class DataPathFixture {
  let framework: Framework
  let driver: Ref<Driver>
  let device: Ref<ControlDevice>
  let miniport = ScriptedMiniport()
  let executor = ManualExecutor()
  let binding: AdapterBinding
  let dataPath: BindingDataPath
  private(set) var attributes = AdapterAttributes(
    interfaceIndex: 7, name: "np0", description: "veth", hardwareType: 1, isLoopback: false,
    address: Frames.own, mtu: 1500, isUp: true, link: .connected)

  /// What its opens may have waiting.
  let writeBudget = PendingWriteBudget()
  /// What its card is asked.
  let card = ScriptedCard()

  init(receiveRingByteCount: Int = 64 << 10, framework: Framework = Framework()) throws {
    self.framework = framework
    driver = try framework.makeDriver("test", Context(make: { _ in 0 }))
    device = try driver.makeControlDevice("device")
    device.finishInitializing()
    binding = try AdapterBinding.make(
      attributes, under: driver, numbers: OpenNumbers(), card: card)
    for event in [BindingStateMachine.Event.bind, .openSucceeded, .restart, .restartSucceeded] {
      _ = binding.handle(event)
    }
    binding.update(attributes)
    dataPath = try BindingDataPath(
      binding: binding, miniport: miniport, executor: executor, profile: .latency,
      captureRingByteCount: 1 << 20, receiveRingByteCount: receiveRingByteCount,
      writeBudget: writeBudget)
  }

  /// Unloads the driver: what is left of it is named.
  ///
  /// Its clients are gone by now, they hold it.
  deinit {
    do throws(UnloadBlocked) {
      try driver.unload()
    } catch {
      Issue.record("not everything of the fixture ended: \(error)")
    }
  }

  /// The kernel says something new of the interface.
  func change(_ change: (inout AdapterAttributes) -> Void) {
    change(&attributes)
    dataPath.attributesChanged(binding.update(attributes).action)
  }

  /// A driver with one binding of its own, and the data path of that.
  func makeDrivenBinding(
    on miniport: ScriptedMiniport
  ) throws -> (driver: NdisprotDriver, binding: AdapterBinding, dataPath: BindingDataPath) {
    let driver = NdisprotDriver(
      wanted: [InterfaceMatch(name: .exactly("np0"))], framework: self.driver)
    driver.bindAdapter(attributes)
    guard let binding = driver.bindings.binding(named: "np0") else {
      throw BindingError.adapterNotFound
    }
    let dataPath = try BindingDataPath(
      binding: binding, miniport: miniport, executor: executor, profile: .latency,
      captureRingByteCount: 1 << 20, receiveRingByteCount: 64 << 10)
    return (driver, binding, dataPath)
  }

  /// A session with an open.
  final class Client {
    /// As long as there are clients there is what they opened.
    private let fixture: DataPathFixture
    let requester = RecordingRequester()
    let file: Ref<FileObject>
    let open: OpenContext
    private var nextID: UInt64 = 1

    /// Opens the fixture's binding, or that of another data path.
    convenience init(
      _ fixture: DataPathFixture, _ options: OpenOptions, _ access: AccessGrant = .everything,
      on other: BindingDataPath? = nil
    ) throws {
      let dataPath = other ?? fixture.dataPath
      try self.init(fixture, options, access, on: dataPath.binding, dataPath)
    }

    /// Opens a binding; without a data path it moves no frames.
    init(
      _ fixture: DataPathFixture, _ options: OpenOptions, _ access: AccessGrant = .everything,
      on binding: AdapterBinding, _ dataPath: BindingDataPath? = nil
    ) throws {
      self.fixture = fixture
      file = try fixture.device.makeFileObject("client", Context(make: { _ in 0 }))
      var result: Result<OpenContext, BindingError>?
      OpenContext.open(
        options, on: binding, dataPath: dataPath, file: file,
        client: Credentials(processID: 1, userID: 1000, groupID: 1000, groups: []), access: access,
        requester: requester
      ) { result = $0 }
      open = try #require(result, "the open waits for a handle").get()
    }

    /// The session ends, and so does what it has open.
    deinit {
      open.close()
      file.close()
    }

    /// READ or READ_BATCH; the id.
    func read(room: Int = 2_000, isBatch: Bool = false, count: UInt32 = 0) throws -> UInt64 {
      let id = nextID
      nextID += 1
      let request = try file.makeRequest(
        RequestParameters(
          type: .read, code: isBatch ? RequestParameters.batchCode : 0, id: id,
          outputByteCount: room, count: count), sink: requester)
      open.read(request)
      return id
    }

    /// WRITE, or WRITE_BATCH of several frames; the id.
    func write(_ frames: [[UInt8]], isBatch: Bool? = nil) throws -> UInt64 {
      let id = nextID
      nextID += 1
      let message = MessageBuffer(capacity: 128 << 10)
      message.fill { bytes in
        var at = 40
        for frame in frames {
          bytes.storeBytes(of: UInt32(frame.count), toByteOffset: at, as: UInt32.self)
          for (index, byte) in frame.enumerated() {
            bytes.storeBytes(of: byte, toByteOffset: at + 24 + index, as: UInt8.self)
          }
          at += FrameRecord.byteCount(ofFrame: frame.count)
        }
        return at
      }
      let request = try file.makeRequest(
        RequestParameters(
          type: .write, code: isBatch ?? (frames.count != 1) ? RequestParameters.batchCode : 0,
          id: id, outputByteCount: 0, count: UInt32(frames.count)), sink: requester)
      open.write(request, message: message, payloadOffset: 40, recordCount: frames.count)
      return id
    }

    /// Asks for an OID; the id, and how it went once it has.
    func query(_ oid: OID, room: Int = 1_024) throws -> UInt64 {
      try perform(.query(OIDRequest.Query(oid, room: room)))
    }

    /// Sets an OID; the id.
    func set(_ oid: OID, _ value: [UInt8]) throws -> UInt64 {
      try perform(.set(OIDRequest.Set(oid, value: value)))
    }

    private func perform(_ oid: OIDRequest) throws -> UInt64 {
      let id = nextID
      nextID += 1
      let request = try file.makeRequest(
        RequestParameters(type: .other, id: id, outputByteCount: 1_024), sink: requester)
      open.perform(oid, port: 0, for: RequestBox(request)) { [requester] parcel, reply in
        guard let request = parcel.take() else { return }
        request.answer(
          Answer(
            reply.completion, information: reply.value.count,
            bytesNeeded: reply.request.bytesNeeded),
          reply.value.span.bytes, through: requester)
      }
      return id
    }

    /// The frames that answered a read.
    func frames(_ id: UInt64) -> [[UInt8]] {
      recordedFrames(requester.delivered[id] ?? [])
    }
  }
}

private func recordedFrames(_ records: [UInt8]) -> [[UInt8]] { frames(in: records) }
