extension EventLoop {
  /// Watches a descriptor; with an empty interest it stays out of epoll until it is modified.
  ///
  /// - Throws: `SystemError` of epoll_ctl: EPERM for a file, ENOSPC beyond max_user_watches
  public func register(
    _ descriptor: Int32, _ interest: Interest, _ handler: any EventHandler
  ) throws(SystemError) -> Registration {
    assertOnLoop()
    let registration = registrations.next
    if !interest.isEmpty {
      try epoll.add(descriptor, interest, registration.epollData)
    }
    registrations.insert(descriptor, interest, handler)
    return registration
  }

  /// Changes the events that a descriptor is watched for.
  ///
  /// With an empty interest the descriptor leaves the epoll set: nothing is reported, not even an
  /// error, and making it ready costs nothing. If epoll has no room to take it back, the loop
  /// retries every 10 ms.
  ///
  /// - Complexity: at most one system call; none if nothing changes
  public func modify(_ registration: Registration, _ interest: Interest) {
    assertOnLoop()
    guard !hasEnded else { return }
    guard var slot = registrations[registration] else {
      preconditionFailure("a registration was modified after it was unregistered")
    }
    guard slot.interest != interest else { return }
    slot.interest = interest
    if !slot.isWatched {
      slot.isWatched = watch(slot, registration)
    } else if interest.isEmpty {
      epoll.remove(slot.descriptor)
      slot.isWatched = false
    } else {
      epoll.modify(slot.descriptor, interest, registration.epollData)
    }
    registrations[registration] = slot
  }

  /// Removes a descriptor; its handler is not called again, not even for an event already taken.
  ///
  /// Must be called before the descriptor is closed; has no effect after `run()` has returned.
  public func unregister(_ registration: Registration) {
    assertOnLoop()
    guard !hasEnded else { return }
    guard let slot = registrations[registration] else {
      preconditionFailure("a registration was unregistered twice")
    }
    if slot.isWatched { epoll.remove(slot.descriptor) }
    registrations.remove(registration)
  }

  /// Retries the descriptors that epoll had no room for.
  func watchAgain() {
    hasUnwatched = false
    for registration in registrations.unwatched {
      guard var slot = registrations[registration] else { continue }
      slot.isWatched = watch(slot, registration)
      registrations[registration] = slot
    }
  }

  private func watch(_ slot: RegistrationTable.Slot, _ registration: Registration) -> Bool {
    guard !slot.interest.isEmpty else { return false }
    do {
      try epoll.add(slot.descriptor, slot.interest, registration.epollData)
      return true
    } catch {
      hasUnwatched = true
      return false
    }
  }
}
