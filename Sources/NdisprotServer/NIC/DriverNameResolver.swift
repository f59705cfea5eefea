internal import NDIS
internal import Platform

/// Stands between the watch over interfaces and the driver, and adds what rtnetlink does not
/// report: the name of the NIC's driver.
///
/// An Ethernet interface is bound once the name of its driver is known, so that no rule about
/// drivers is ever judged without it; changes that arrive earlier are included in the bind. If the
/// kernel does not answer in time, the interface is bound without the name, and rules about drivers
/// deny on it until the answer arrives.
///
/// - Thread: control
final class DriverNameResolver: ProtocolDriver, @unchecked Sendable {  // Confined to control.
  /// An interface whose driver is not known.
  private struct Unnamed {
    var attributes: AdapterAttributes
    /// Distinguishes it from an earlier interface of the same index.
    let number: UInt64
    /// Naming timed out, and the protocol driver was notified without the name.
    var isTold = false
    /// A query is on its way.
    var isAsked = false
    /// The names that the interface had when the query was sent.
    var askedNames: [InterfaceName] = []
    /// When the wait for the name ends, or the query is repeated.
    var deadline: UInt64
  }

  private let driver: any ProtocolDriver
  private let desk: NICQueryScheduler
  private let executor: LoopExecutor
  private let patienceNanoseconds: UInt64
  private var named: [Int32: AdapterIdentity] = [:]
  private var unnamed: [Int32: Unnamed] = [:]
  /// Names under which the driver reported that an interface cannot be captured from.
  private var refusedNames: [Int32: [InterfaceName]] = [:]
  private var lastNumber: UInt64 = 0
  private var isTimerRunning = false
  /// The interfaces of the first dump that are still to be reported; nil until the dump is
  /// complete, and after all are reported.
  private var awaited: Set<UInt64>?

  init(
    _ driver: any ProtocolDriver, desk: NICQueryScheduler, executor: LoopExecutor,
    patienceNanoseconds: UInt64
  ) {
    self.driver = driver
    self.desk = desk
    self.executor = executor
    self.patienceNanoseconds = patienceNanoseconds
  }

  func bindAdapter(_ attributes: AdapterAttributes) {
    // Any other kind is refused, whatever its driver.
    guard attributes.isEthernet else {
      driver.bindAdapter(attributes)
      return
    }
    lastNumber &+= 1
    let (index, number) = (attributes.interfaceIndex, lastNumber)
    unnamed[index] = Unnamed(
      attributes: attributes, number: number,
      deadline: monotonicNanoseconds() &+ patienceNanoseconds)
    ask(index, number)
    startTimer()
  }

  func adapterChanged(_ attributes: AdapterAttributes) {
    let index = attributes.interfaceIndex
    if let names = refusedNames[index] {
      guard attributes.names != names else { return }
      // It may be usable under another name: query it again.
      (refusedNames[index], named[index]) = (nil, nil)
    }
    unnamed[index]?.attributes = attributes
    if unnamed[index]?.isTold == false { return }
    if unnamed[index] == nil, named[index] == nil, attributes.isEthernet {
      // It has become Ethernet, as bonding can make it.
      bindAdapter(attributes)
      return
    }
    driver.adapterChanged(complete(attributes))
  }

  func unbindAdapter(interfaceIndex: Int32) {
    named[interfaceIndex] = nil
    refusedNames[interfaceIndex] = nil
    let gone = unnamed.removeValue(forKey: interfaceIndex)
    if gone?.isTold != false { driver.unbindAdapter(interfaceIndex: interfaceIndex) }
    if let gone { told(gone.number) }
  }

  func adaptersResynchronized() { driver.adaptersResynchronized() }

  func bindsComplete() {
    awaited = Set(unnamed.values.filter { !$0.isTold }.map(\.number))
    completeBinds()
  }

  // MARK: Answers

  private func identified(_ index: Int32, _ number: UInt64, _ identity: AdapterIdentity?) {
    guard let waiting = unnamed[index], waiting.number == number else { return }
    guard let identity else {
      // If it is gone, the watch reports that, too; otherwise the query is repeated later.
      unnamed[index]?.isAsked = false
      return
    }
    guard identity.isCapturable || waiting.askedNames == waiting.attributes.names else {
      ask(index, number)
      return
    }
    unnamed[index] = nil
    named[index] = identity
    if waiting.isTold {
      driver.adapterChanged(complete(waiting.attributes))
    } else {
      if !identity.isCapturable { refusedNames[index] = waiting.attributes.names }
      driver.bindAdapter(complete(waiting.attributes))
      told(number)
    }
  }

  /// Reports the interfaces that have waited long enough, and repeats queries without an answer.
  private func losePatience() {
    let now = monotonicNanoseconds()
    for (index, waiting) in unnamed where waiting.deadline <= now {
      unnamed[index]?.deadline = now &+ patienceNanoseconds
      if !waiting.isAsked { ask(index, waiting.number) }
      guard !waiting.isTold else { continue }
      unnamed[index]?.isTold = true
      driver.bindAdapter(waiting.attributes)
      told(waiting.number)
    }
    startTimer()
  }

  /// One timer for all of them: for the earliest deadline.
  private func startTimer() {
    guard !isTimerRunning, let next = unnamed.values.map(\.deadline).min() else { return }
    isTimerRunning = true
    let now = monotonicNanoseconds()
    _ = executor.schedule(afterNanoseconds: next > now ? next - now : 0) { [weak self] in
      self?.isTimerRunning = false
      self?.losePatience()
    }
  }

  private func ask(_ index: Int32, _ number: UInt64) {
    let names = unnamed[index]?.attributes.names ?? []
    unnamed[index]?.isAsked = true
    unnamed[index]?.askedNames = names
    desk.identify(index) { [weak self] in self?.identified(index, number, $0) }
  }

  private func complete(_ attributes: AdapterAttributes) -> AdapterAttributes {
    guard let identity = named[attributes.interfaceIndex] else { return attributes }
    var attributes = attributes
    attributes.driver = identity.driver
    attributes.details.isWireless = identity.isWireless
    attributes.details.isCapturable = identity.isCapturable
    return attributes
  }

  private func told(_ number: UInt64) {
    awaited?.remove(number)
    completeBinds()
  }

  private func completeBinds() {
    guard awaited?.isEmpty == true else { return }
    awaited = nil
    driver.bindsComplete()
  }
}
