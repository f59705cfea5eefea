internal import Glibc
public import NDIS
public import Ndisprot
public import Platform
internal import Synchronization
internal import WDF

/// Why the server could not start.
public enum ServerError: Error, Sendable {
  /// A system call failed.
  case system(SystemError)
  /// The framework refused an object.
  case framework(String)
}

/// The daemon without its program: driver, control device, listener, loops.
///
/// - Thread: created, started and stopped on one thread that runs no loop (main)
/// - Windows: DriverEntry and NdisprotUnload
public final class Server {
  let core: ServerCore
  private let control: ControlLoop
  private let isReady = AutoResetEvent()

  /// Creates everything and starts nothing; takes ownership of the listening socket.
  public init(
    configuration: ServerConfiguration, environment: ServerEnvironment, listener: Int32
  ) throws(ServerError) {
    let loop: EventLoop
    let desk: NICQueryScheduler
    do throws(SystemError) {
      loop = try EventLoop()
      desk = NICQueryScheduler(
        control: loop, kernel: try EventLoop(), adapter: try environment.makeAdapterControl(),
        deadlineNanoseconds: environment.cardDeadlineNanoseconds)
    } catch {
      throw .system(error)
    }
    // The order of DR-9: driver, device, what a protocol callback uses; then interfaces, then the
    // listener.
    let log = environment.log
    let framework = Framework(
      verifier: configuration.isVerified ? .on : .off,
      report: { log(LogRecord(.warning, "framework: \($0)")) })
    framework.attach(LoopExecutor(desk.kernel))
    framework.publish()
    do throws(WdfError) {
      let driver = try framework.makeDriver(
        "ndisprot", Context(make: { _ in DriverContext() }), onUnload: Server.deregister)
      let device = try driver.makeControlDevice("control device")
      core = ServerCore(
        configuration: configuration, environment: environment,
        driver: NdisprotDriver(
          wanted: configuration.bindings.map(\.interface), framework: driver, card: desk),
        framework: driver, device: device, isDone: AutoResetEvent(), desk: desk)
      let globals = core
      try driver.withContext(DriverContext.self) { $0.core.withLock { $0 = globals } }
      device.finishInitializing()
    } catch {
      throw .framework("\(error)")
    }
    control = ControlLoop(server: core, listener: listener, loop: loop)
    core.attach(control)
  }

  /// The result of the start.
  public struct StartReport: Sendable {
    /// Names of the interfaces that are bound.
    public let boundNames: [InterfaceName]
    /// Wanted interfaces that exist and cannot be bound.
    public let refusals: [(name: InterfaceName, error: BindError)]
  }

  /// Starts the control thread, and waits until a bind of every existing interface was tried and
  /// clients are served.
  ///
  /// - Parameter isCancelled: called four times a second, however long the kernel takes to list
  ///   them
  /// - Returns: the result; nil if it was cancelled
  /// - Throws: `ServerError` of the threads, and of the watch over interfaces
  public func start(
    isCancelled: () -> Bool = { false }
  ) throws(ServerError) -> StartReport? {
    let control = self.control
    let ready = isReady
    let kernel = core.desk.kernel
    do throws(WdfError) {
      _ = try core.framework.spawnWorker(
        NICQueryScheduler.threadName, stopPhase: .unloadCallbackReturned, onStop: { kernel.stop() }
      ) { _ in kernel.run() }
      // The unload callback still needs it.
      _ = try core.framework.spawnWorker(
        ControlLoop.threadName, stopPhase: .unloadCallbackReturned, onStop: { control.loop.stop() }
      ) { _ in control.loop.run() }
    } catch {
      throw .framework("\(error)")
    }
    let outcome = StartOutcome()
    _ = control.loop.post {
      control.start { refusals, error in
        outcome.note(refusals, error)
        ready.set()
      }
    }
    var waitCount = 0
    while !isReady.wait(milliseconds: 250) {
      if isCancelled() { return nil }
      waitCount += 1
      guard waitCount.isMultiple(of: 40) else { continue }
      core.log(
        .warning,
        "the kernel has not listed all interfaces for \(waitCount / 4) s: clients wait until it has"
      )
    }
    let (refusals, error) = outcome.value
    if let error { throw .system(error) }
    return StartReport(
      boundNames: boundNames,
      refusals: refusals)
  }

  /// Reloads the configuration, as `ndisprotctl reload` does; the result is logged.
  public func reload() {
    core.onControl { $0.reload { _ in } }
  }

  /// Checks that every loop is alive.
  ///
  /// - Parameter whenAnswered: called once, on the last loop that answers; never if one hangs
  /// - Returns: a function that names the threads that have not answered yet
  public func check(
    whenAnswered: @escaping @Sendable () -> Void
  ) -> @Sendable () -> [String] {
    let core = self.core
    let check = LivenessCheck(first: ControlLoop.threadName) {
      core.lastAnswer.store(monotonicNanoseconds(), ordering: .relaxed)
      whenAnswered()
    }
    let control = self.control
    _ = control.loop.post { control.answer(check) }
    return { check.outstanding }
  }

  /// Names of the interfaces that are bound now.
  ///
  /// - Thread: any
  public var boundNames: [InterfaceName] {
    core.driver.bindings.snapshot.bindings.map { $0.snapshot.attributes.name }
  }

  /// Whether an interface of this name, or with this alternative name, is bound now.
  ///
  /// - Thread: any
  public func isBound(_ name: InterfaceName) -> Bool {
    core.driver.bindings.binding(named: name) != nil
  }

  /// Unloads the driver: sessions end with every request completed, bindings are unbound, threads
  /// end, and no object is left (`WDF.docc/Rules.md` section 3.2).
  ///
  /// - Returns: what did not end in time; nil if nothing is left
  public func stop() -> String? {
    core.waitWhile(milliseconds: 1_000) { done in
      core.onControl { control in
        control.announce(BindingEvent(.shutdown, nil))
        done()
      }
    }
    do throws(UnloadBlocked) {
      try core.framework.unload(warnEvery: .seconds(1), deadline: .seconds(4))
      return nil
    } catch {
      let holders = error.holders.map { "\($0.kind) \($0.name) by \($0.tag) for \($0.age)" }
      return "unloading, step \(error.stage): held: \(holders.joined(separator: "; "))"
    }
  }

  /// The unload callback: deregisters the protocol on control, whose loop still runs.
  private static func deregister(_ driver: Ref<Driver>) {
    let core = try? driver.withContext(DriverContext.self) { $0.core.withLock { $0 } }
    guard let core = core ?? nil else { return }
    core.waitWhile { done in
      core.onControl { control in
        control.server.driver.deregister()
        done()
      }
    }
  }
}

/// The result of control's start, for the thread that waits for it.
private final class StartOutcome: Sendable {
  typealias Value = (refusals: [(name: InterfaceName, error: BindError)], error: SystemError?)
  private let state = LockedValue<Value>(([], nil))

  var value: Value { state.withLock { $0 } }

  func note(_ refusals: [(name: InterfaceName, error: BindError)], _ error: SystemError?) {
    state.withLock { $0 = (refusals, error) }
  }
}

/// The driver's context: the globals, reachable from every `Ref` of the tree.
struct DriverContext: ~Copyable, Sendable {
  /// Set once, before the device takes opens.
  let core = LockedValue<ServerCore?>(nil)
}
