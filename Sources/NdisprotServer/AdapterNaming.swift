internal import NDIS
internal import Platform

/// Stands between the watch over interfaces and the driver, and adds what rtnetlink does not say: the
/// name of the card's driver.
///
/// An Ethernet interface is bound when its driver was named, so that no rule about drivers is ever
/// judged without it; changes that come before are told with the bind. If the kernel does not answer
/// in time the interface is bound without, and rules about drivers deny on it until it has answered.
///
/// - Thread: control
final class AdapterNaming: ProtocolDriver, @unchecked Sendable {  // Confined to control.
  /// An interface whose driver is not known.
  private struct Unnamed {
    var attributes: AdapterAttributes
    /// Tells it from an earlier interface of the same index.
    let number: UInt64
    /// It took too long, and the driver was told without.
    var isTold = false
    /// The question was not answered yet.
    var isAsked = false
    /// The names it had when it was asked about.
    var askedNames: [InterfaceName] = []
    /// When whoever waits for it goes on without, or it is asked again.
    var deadline: UInt64
  }

  private let driver: any ProtocolDriver
  private let desk: CardDesk
  private let executor: LoopExecutor
  private let patienceNanoseconds: UInt64
  private var named: [Int32: AdapterIdentity] = [:]
  private var unnamed: [Int32: Unnamed] = [:]
  /// The names under which an interface cannot be captured from; the driver has said so.
  private var refusedNames: [Int32: [InterfaceName]] = [:]
  private var lastNumber: UInt64 = 0
  private var isTimerRunning = false
  /// Those of the first dump that are not told yet; nil until it is through, and when all are.
  private var awaited: Set<UInt64>?

  init(
    _ driver: any ProtocolDriver, desk: CardDesk, executor: LoopExecutor,
    patienceNanoseconds: UInt64
  ) {
    self.driver = driver
    self.desk = desk
    self.executor = executor
    self.patienceNanoseconds = patienceNanoseconds
  }

  func bindAdapter(_ attributes: AdapterAttributes) {
    // Any other is refused, whatever drives it.
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
      // Under another name it may be usable: it is asked for anew.
      (refusedNames[index], named[index]) = (nil, nil)
    }
    unnamed[index]?.attributes = attributes
    if unnamed[index]?.isTold == false { return }
    if unnamed[index] == nil, named[index] == nil, attributes.isEthernet {
      // It has become Ethernet: bonding does that.
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
      // If it is gone the watch says so, too; else it is asked again later.
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

  /// Tells of those that have waited long enough, and asks again where there was no answer.
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

  /// One timer for all: for the one that has waited longest.
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
