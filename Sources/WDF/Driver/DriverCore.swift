internal import Synchronization

/// What the driver's object carries: the unload callback, and how far unloading has come.
final class DriverCore: Sendable {
  enum Unloading: Sendable {
    case notBegun
    case running
    case finished(UnloadBlocked?)
  }

  /// Given up by unloading, for it may hold what leads back to the driver.
  let onUnload: Guarded<(@Sendable (Ref<Driver>) -> Void)?>
  let unloading = Guarded(Unloading.notBegun)

  init(onUnload: (@Sendable (Ref<Driver>) -> Void)?) {
    self.onUnload = Guarded(onUnload)
  }
}

extension Framework {
  /// Makes the driver: the root of everything else.
  ///
  /// - Arguments:
  ///   - context: the driver's globals
  ///   - onUnload: deregisters what callbacks could still come from; everything is alive meanwhile
  /// - Throws: `.driverExists` if there is one, what `make` throws
  /// - Windows: WdfDriverCreate, EvtDriverUnload
  public func makeDriver<C: ~Copyable & Sendable>(
    _ name: String, _ context: Context<Driver, C>,
    onUnload: (@Sendable (Ref<Driver>) -> Void)? = nil, fileID: StaticString = #fileID,
    line: UInt = #line
  ) throws(WdfError) -> Ref<Driver> {
    let birth = Birth(
      kind: .driver, name: name, payload: .driver(DriverCore(onUnload: onUnload)), parent: nil,
      isPassive: true, site: CreationSite(fileID, line))
    guard claimDriver() else { throw WdfError(.driverExists) }
    do throws(WdfError) {
      let core = try create(birth) { core throws(WdfError) in try context.makeBox(for: core) }
      publish(core)
      return Ref(core)
    } catch {
      publish(nil)
      throw error
    }
  }
}
