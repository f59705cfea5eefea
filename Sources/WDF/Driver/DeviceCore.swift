internal import Platform
internal import Synchronization

/// The state of a control device with respect to its clients.
final class DeviceCore: Sendable {
  private struct State {
    var isReady = false
    var openCount = 0
    var isDeletePending = false
    var isDefaultQueueClaimed = false
    var defaultQueue: ObjectHeader?
  }

  private let isExclusive: Bool
  /// Excludes the callbacks of all queues of the device from each other, if requested.
  let callbackLock: CallbackLock?
  private let state = LockedValue(State())

  init(isExclusive: Bool, callbackLock: CallbackLock?) {
    self.isExclusive = isExclusive
    self.callbackLock = callbackLock
  }

  /// Admits an open, or returns why not.
  func open() -> WdfError.Code? {
    state.withLock { state in
      if !state.isReady { return .invalidDeviceState }
      if state.isDeletePending { return .deletePending }
      if isExclusive && state.openCount > 0 { return .accessDenied }
      state.openCount += 1
      return nil
    }
  }

  /// An open has ended; true if the device waited for it to be deleted.
  func close() -> Bool {
    state.withLock { state in
      state.openCount -= 1
      return state.openCount == 0 && state.isDeletePending
    }
  }

  func finishInitializing() { state.withLock { $0.isReady = true } }

  /// Whether open handles delay a delete; the last of them completes it.
  func holdsDeleteBack() -> Bool {
    state.withLock { state in
      guard state.openCount > 0 else { return false }
      state.isDeletePending = true
      return true
    }
  }

  func claimDefaultQueue() -> WdfError.Code? {
    state.withLock { state in
      if state.isReady { return .invalidDeviceState }
      if state.isDefaultQueueClaimed { return .invalidParameter }
      state.isDefaultQueueClaimed = true
      return nil
    }
  }

  func setDefaultQueue(_ core: ObjectHeader?) {
    state.withLock { state in
      state.defaultQueue = core
      state.isDefaultQueueClaimed = core != nil
    }
  }

  var defaultQueue: ObjectHeader? { state.withLock { $0.defaultQueue } }
}

extension ObjectHeader {
  /// The default queue of the device above.
  var defaultQueue: ObjectHeader? {
    if case .device(let device)? = device?.payload { device.defaultQueue } else { nil }
  }

  func claimDefaultQueue() throws(WdfError) {
    guard case .device(let device) = payload else { throw error(.wrongType) }
    if let code = device.claimDefaultQueue() { throw error(code) }
  }

  func setDefaultQueue(_ queue: ObjectHeader?) {
    if case .device(let device) = payload { device.setDefaultQueue(queue) }
  }
}
