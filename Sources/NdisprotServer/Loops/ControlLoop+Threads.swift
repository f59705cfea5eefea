internal import NDIS
internal import Ndisprot
internal import Platform
internal import WDF

/// A binding's loop as control sees it: its sessions, and whether it is about to end.
///
/// It runs as long as it has a session, even when its binding is gone: a session whose requests are not
/// all complete ends on the loop that has it.
struct BindingThread {
  let loop: BindingLoop
  /// Sessions that it has, or that are on their way to it.
  var sessionCount = 0
  /// Which idle time of all threads this is; 0 while there are sessions.
  ///
  /// A timer of another one means nothing any more.
  var idleNumber: UInt64 = 0
}

// The threads of the bindings: started with the first open that moves frames, ended a second after
// the last one closes.

extension ControlLoop {
  /// How long a binding's handles stay open after the last open has closed.
  static let idleNanoseconds: UInt64 = 1_000_000_000

  /// The thread of a binding, started if it has none; adds one session to it.
  func thread(
    of binding: AdapterBinding, for client: Credentials
  ) throws(BindingError) -> BindingLoop {
    let key = ObjectIdentifier(binding)
    if var running = threads[key] {
      running.sessionCount += 1
      running.idleNumber = 0
      threads[key] = running
      return running.loop
    }
    let started = try startThread(of: binding, for: client)
    threads[key] = BindingThread(loop: started, sessionCount: 1)
    return started
  }

  private func startThread(
    of binding: AdapterBinding, for client: Credentials
  ) throws(BindingError) -> BindingLoop {
    do {
      let loop = try EventLoop()
      let host = try BindingLoop(
        binding, server: server, loop: loop, policy: policy, userID: client.userID)
      do throws(WdfError) {
        _ = try server.framework.spawnWorker(
          host.threadName, stopPhase: .unloadCallbackReturned,
          onStop: { loop.post { host.stop() } }
        ) { [configuration = host.configuration, server] _ in
          configuration.prepareThread(of: binding, loop, server)
          loop.run()
        }
      } catch {
        // Still this thread's: what the host has taken is given back.
        host.stop()
        throw error
      }
      return host
    } catch let error as BindingError {
      throw error
    } catch {
      let name = binding.snapshot.attributes.name
      let cause = (error as? SystemError)?.text ?? "\(error)"
      server.logFailure(
        .error, "the thread of \(name) cannot start: \(cause)", .refused, binding: name.text,
        of: client)
      throw .noMemory
    }
  }

  /// Removes one session from a binding's thread; the last one starts its idle time.
  func release(_ host: BindingLoop) {
    let key = ObjectIdentifier(host.binding)
    guard var running = threads[key], running.loop === host else { return }
    running.sessionCount -= 1
    if running.sessionCount == 0 {
      lastIdleNumber += 1
      running.idleNumber = lastIdleNumber
    }
    threads[key] = running
    guard running.sessionCount == 0 else { return }
    guard host.binding.isActive, !isOutdated(host) else {
      endThread(key)
      return
    }
    let number = running.idleNumber
    // Another thread of the same interface has other numbers.
    _ = executor.schedule(afterNanoseconds: ControlLoop.idleNanoseconds) { [weak self] in
      guard let self, threads[key]?.idleNumber == number else { return }
      endThread(key)
    }
  }

  /// Whether a reload requires the next thread of the binding to be created differently.
  func isOutdated(_ host: BindingLoop) -> Bool {
    let attributes = host.binding.snapshot.attributes
    return !host.configuration.isAlike(server.configuration.binding(of: attributes))
  }

  /// The binding is gone: its thread gives its sessions back, and ends with the last one.
  func unbindThread(of binding: AdapterBinding) {
    let key = ObjectIdentifier(binding)
    guard let running = threads[key] else { return }
    let host = running.loop
    _ = host.loop.post { host.unbind() }
    if running.sessionCount == 0 { endThread(key) }
  }

  /// Ends a thread without sessions.
  func endThread(_ key: ObjectIdentifier) {
    guard let host = threads.removeValue(forKey: key)?.loop else { return }
    _ = host.loop.post { host.stop() }
  }
}
