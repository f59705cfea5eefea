public import EventLoop
internal import Glibc
internal import NDIS
public import Ndisprot
private import Synchronization
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
/// - Thread: made, started and stopped on one thread that runs no loop (main)
/// - Windows: DriverEntry and NdisprotUnload
public final class Server {
  private let core: ServerCore
  private let control: ControlLoop
  private let controlEnded: Gate
  private let isReady: Gate

  /// Makes everything, starts nothing; takes over the listening socket.
  public init(
    configuration: ServerConfiguration, environment: ServerEnvironment, listener: Int32
  ) throws(ServerError) {
    do throws(SystemError) {
      controlEnded = try Gate()
      isReady = try Gate()
    } catch {
      throw .system(error)
    }
    let loop: EventLoop
    do throws(SystemError) { loop = try EventLoop() } catch { throw .system(error) }
    // The order of DR-9: driver, device, what a protocol callback touches; then interfaces, then
    // the listener.
    let log = environment.log
    let framework = Framework(report: { log(.warning, "framework: \($0)") })
    framework.publish()
    do throws(WdfError) {
      let driver = try framework.makeDriver(
        "ndisprot", Context(make: { _ in DriverContext(configuration: configuration) }))
      let device = try driver.makeControlDevice("control device")
      core = ServerCore(
        configuration: configuration, environment: environment,
        driver: NdisprotDriver(wantedNames: configuration.interfaceNames, framework: driver),
        framework: driver, device: device)
      device.finishInitializing()
    } catch {
      throw .framework("\(error)")
    }
    control = ControlLoop(server: core, listener: listener, loop: loop)
    core.attach(control)
  }

  /// What the start found.
  public struct StartReport: Sendable {
    /// Names of the interfaces that are bound.
    public let boundNames: [String]
    /// Wanted interfaces that are there and cannot be bound.
    public let refusals: [(name: String, error: BindError)]
  }

  /// Starts the control thread, and waits until every interface that is there was tried.
  public func start() throws(ServerError) -> StartReport {
    let control = self.control
    let ended = controlEnded
    let ready = isReady
    do throws(WdfError) {
      _ = try core.framework.spawnWorker("control", onStop: { control.loop.stop() }) { _ in
        control.loop.run()
        ended.open()
      }
    } catch {
      throw .framework("\(error)")
    }
    let outcome = StartOutcome()
    _ = control.loop.post {
      control.start { refusals, error in
        outcome.note(refusals, error)
        ready.open()
      }
    }
    _ = isReady.wait(milliseconds: 5_000)
    let (refusals, error) = outcome.value
    if let error { throw .system(error) }
    return StartReport(
      boundNames: core.driver.bindings.snapshot.bindings.map { $0.snapshot.attributes.name },
      refusals: refusals)
  }

  /// Stops: no new sessions, every request completes, every thread ends, the framework is empty.
  ///
  /// - Returns: what could not be ended in time; nil if nothing is left
  public func stop() -> String? {
    let control = self.control
    _ = control.loop.post { control.shutDown() }
    _ = controlEnded.wait(milliseconds: 3_500)
    do throws(UnloadBlocked) {
      try core.framework.unload(warnEvery: .seconds(1), deadline: .seconds(1))
      return nil
    } catch {
      return "\(error)"
    }
  }
}

/// What control found at its start, for the thread that waits for it.
private final class StartOutcome: Sendable {
  typealias Value = (refusals: [(name: String, error: BindError)], error: SystemError?)
  private let state = Mutex<Value>(([], nil))

  var value: Value { state.withLock { $0 } }

  func note(_ refusals: [(name: String, error: BindError)], _ error: SystemError?) {
    state.withLock { $0 = (refusals, error) }
  }
}

/// The driver's context: what lives exactly as long as the driver object.
struct DriverContext: Sendable {
  let configuration: ServerConfiguration
}
