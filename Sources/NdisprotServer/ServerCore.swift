internal import EventLoop
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
  let rings = RingBudget()
  private(set) weak var control: ControlLoop?

  init(
    configuration: ServerConfiguration, environment: ServerEnvironment, driver: NdisprotDriver,
    framework: Ref<Driver>, device: Ref<ControlDevice>
  ) {
    self.configuration = configuration
    self.environment = environment
    self.driver = driver
    self.framework = framework
    self.device = device
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
    let file = session.file
    onControl { [driver] _ in driver.cancelWaits(of: file) }
  }
}
