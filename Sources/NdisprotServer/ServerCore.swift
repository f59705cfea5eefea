internal import EventLoop
internal import Glibc
internal import NDIS
internal import Ndisprot
internal import WDF

/// What all loops of the server share; nothing in it changes after the start.
final class ServerCore: @unchecked Sendable {  // `control` is set once, before any loop runs.
  let configuration: ServerConfiguration
  let environment: ServerEnvironment
  let driver: NdisprotDriver
  let framework: Ref<Driver>
  let device: Ref<ControlDevice>
  /// The daemon's own user, who may administer it as root may.
  let ownUserID = geteuid()
  let trace: TraceRing
  let rings = RingBudget()
  private(set) weak var control: ControlLoop?
  /// Where the thread that unloads waits for a loop.
  private let isDone: Gate
  /// The number of the last wait, and of the last one that was answered.
  private let done = Guarded((begun: 0, ended: 0))

  init(
    configuration: ServerConfiguration, environment: ServerEnvironment, driver: NdisprotDriver,
    framework: Ref<Driver>, device: Ref<ControlDevice>, isDone: Gate
  ) {
    self.isDone = isDone
    self.configuration = configuration
    self.environment = environment
    self.driver = driver
    self.framework = framework
    self.device = device
    trace = device.framework.traceRing
  }

  func attach(_ control: ControlLoop) { self.control = control }

  /// Mails work to control; it is dropped when control is gone.
  func onControl(_ work: @escaping @Sendable (ControlLoop) -> Void) {
    guard let control else { return }
    if control.loop.isCurrent {
      work(control)
    } else {
      _ = control.loop.post { work(control) }
    }
  }

  /// Cancels what a session waits for on control.
  func cancelWaits(of session: Session) {
    onControl { control in
      control.endPowerWait(of: session)
      control.server.driver.cancelWaits(of: session.file)
    }
  }

  /// Has a loop do something, and waits until it was done.
  ///
  /// - Parameters:
  ///   - milliseconds: how long
  ///   - start: has the loop begin, and is given what the loop calls at the end
  /// - Thread: the one that unloads; no other waits here
  func waitWhile(
    milliseconds: Int32 = 3_000, _ start: (@escaping @Sendable () -> Void) -> Void
  ) {
    let isDone = self.isDone
    let number = done.withLock {
      $0.begun += 1
      return $0.begun
    }
    start { [self] in
      done.withLock { $0.ended = number }
      isDone.open()
    }
    // Unloading has a deadline of its own, and says who did not answer. What opens the gate may be
    // the late end of an earlier wait.
    while isDone.wait(milliseconds: milliseconds), done.withLock({ $0.ended }) < number {}
  }
}
