extension Ref where Kind == Driver {
  /// Creates the device that clients open.
  ///
  /// It admits opens after ``finishInitializing()``.
  /// - Arguments: `isExclusive`: one open at a time; `options`: a scope of `device` excludes the
  ///   callbacks of its queues from each other
  /// - Windows: WdfControlDeviceInitAllocate, WdfDeviceCreate
  public func makeControlDevice<C: ~Copyable & Sendable>(
    _ name: String, _ context: Context<ControlDevice, C>, isExclusive: Bool = false,
    options: ObjectOptions = ObjectOptions(), fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<ControlDevice> {
    let birth = try deviceBirth(name, isExclusive, options, CreationSite(fileID, line))
    return try Ref<ControlDevice>(
      core.framework.create(birth) { core throws(WdfError) in try context.makeBox(for: core) })
  }

  /// Creates the device without a context.
  public func makeControlDevice(
    _ name: String, isExclusive: Bool = false, options: ObjectOptions = ObjectOptions(),
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<ControlDevice> {
    let birth = try deviceBirth(name, isExclusive, options, CreationSite(fileID, line))
    return try Ref<ControlDevice>(core.framework.create(birth, nil))
  }

  private func deviceBirth(
    _ name: String, _ isExclusive: Bool, _ options: ObjectOptions, _ site: CreationSite
  ) throws(WdfError) -> ObjectCreation {
    if options.scope == .queue { throw core.error(.scopeInvalid) }
    let lock =
      options.scope == .device ? CallbackLock(name) : nil
    let device = DeviceCore(isExclusive: isExclusive, callbackLock: lock)
    return try core.birth(.controlDevice, name, .device(device), options.level, site)
  }
}

extension Ref where Kind == ControlDevice {
  /// Admits opens from now on.
  ///
  /// - Windows: WdfControlFinishInitializing
  public func finishInitializing() {
    if case .device(let device) = core.payload { device.finishInitializing() }
  }

  /// Creates the file object of a client that connected.
  ///
  /// - Arguments:
  ///   - context: one value for this client
  ///   - onCreate: decides last whether it may open; runs in a critical region. If it throws, the
  ///     other two callbacks are never called
  ///   - onCleanup: the client is gone, its requests are not: end those that only the driver can
  ///     end
  ///   - onClose: the last request is complete
  ///   - onUnload: the driver unloads while the handle is open: make sure that ``Ref/close()`` is
  ///     called, on the thread that has the client; without this callback, unloading closes the
  ///     handle itself
  /// - Throws: `.invalidDeviceState` before ``finishInitializing()``, `.deletePending` when unloading
  ///   began, `.accessDenied` if the device is exclusive and open
  /// - Windows: EvtDeviceFileCreate, EvtFileCleanup, EvtFileClose
  public func makeFileObject<C: ~Copyable & Sendable>(
    _ name: String, _ context: Context<FileObject, C>,
    onCreate: (@Sendable (Ref<FileObject>) throws(WdfError) -> Void)? = nil,
    onCleanup: (@Sendable (Ref<FileObject>) -> Void)? = nil,
    onClose: (@Sendable (Ref<FileObject>) -> Void)? = nil,
    onUnload: (@Sendable (Ref<FileObject>) -> Void)? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<FileObject> {
    guard case .device(let device) = core.payload else { throw core.error(.wrongType) }
    if core.framework.isUnloading { throw core.error(.deletePending) }
    if let code = device.open() { throw core.error(code) }
    let file = FileCore(
      FileCore.Callbacks(onCleanup: onCleanup, onClose: onClose, onUnload: onUnload))
    do throws(WdfError) {
      let birth = try core.birth(
        .fileObject, name, .file(file), .inherit, CreationSite(fileID, line))
      let made = try core.framework.create(birth) { core throws(WdfError) in
        try context.makeBox(for: core)
      }
      return try file.admit(made, onCreate)
    } catch {
      core.framework.closed(core)
      throw error
    }
  }
}

extension Framework {
  /// A file object of a device no longer exists.
  func closed(_ core: ObjectHeader) {
    if case .device(let device) = core.payload, device.close() { _ = delete(core) }
  }
}
