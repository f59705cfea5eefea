internal import Platform
internal import Synchronization

/// One instance of the framework: at most one driver, the tree below it, and the checks on both.
///
/// The daemon publishes one instance; tests create any number.
///
/// - Windows: the globals block of one driver
public final class Framework: Sendable {
  let verifier: VerifierMode
  let yieldsAtLocks: Bool
  let reporter: Reporter
  let tree: LockedValue<Tree>
  let disposeList: DisposeList
  let executor: LockedValue<ExecutorSlot>
  let trace = TraceRing()
  /// Changes whenever something that unloading may wait for has ended.
  let progress = EventCount()
  private let currentDriver = LockedValue(DriverSlot())
  let injection: FailureInjection
  let work = WorkList()
  let stuckPeriod = Atomic<UInt64>(60_000_000_000)

  private static let published = LockedValue<Framework?>(nil)

  /// Creates an instance.
  ///
  /// - Arguments:
  ///   - verifier: how much is checked
  ///   - executor: runs deferred work; may be attached later, otherwise a thread of the framework's
  ///     own
  ///   - yieldsAtLocks: for tests: lets other threads run at every lock
  ///   - report: receives the faults
  public init(
    verifier: VerifierMode = .off, executor: (any Executor)? = nil, yieldsAtLocks: Bool = false,
    report: @escaping ReportSink = { _ in }
  ) {
    self.verifier = verifier
    self.yieldsAtLocks = yieldsAtLocks
    reporter = Reporter(report)
    tree = LockedValue(Tree(keepsHistory: verifier != .off))
    disposeList = DisposeList()
    self.executor = LockedValue(ExecutorSlot(attached: executor))
    injection = FailureInjection()
  }

  /// Makes this the instance that ``Driver/current`` uses.
  public func publish() { Self.published.withLock { $0 = self } }

  /// The driver.
  ///
  /// - Throws: `.noDriver` before it was created and after it was destroyed
  public var driver: Ref<Driver> {
    get throws(WdfError) {
      guard let core = currentDriver.withLock({ $0.core }) else { throw WdfError(.noDriver) }
      return Ref(core)
    }
  }

  /// The published instance.
  public static var current: Framework? { published.withLock { $0 } }

  private struct DriverSlot {
    var isClaimed = false
    var core: ObjectHeader?
  }

  /// The driver's object, from its create to its destroy.
  var driverObject: ObjectHeader? { currentDriver.withLock { $0.core } }

  /// Reserves the place of the driver; false if there is one, one is being created, or objects of
  /// an earlier one are left.
  func claimDriver() -> Bool {
    currentDriver.withLock { slot in
      if slot.isClaimed || liveObjectCount > 0 { return false }
      slot.isClaimed = true
      return true
    }
  }

  /// Makes the driver visible, or invisible with nil.
  func publish(_ core: ObjectHeader?) {
    currentDriver.withLock { $0 = DriverSlot(isClaimed: core != nil, core: core) }
  }
}

extension Driver {
  /// The driver of the published framework, from anywhere.
  ///
  /// While the driver unloads this still succeeds; access to its context fails then.
  /// - Throws: `.noDriver` before it was created and after it was destroyed
  /// - Windows: WdfGetDriver
  public static var current: Ref<Driver> {
    get throws(WdfError) {
      guard let framework = Framework.current else { throw WdfError(.noDriver) }
      return try framework.driver
    }
  }
}
