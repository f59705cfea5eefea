import NDIS
import Platform
import TestSupport
import WDF

@testable import NdisprotServer

/// A card whose driver takes as long as the test wants: whoever asks it waits at a gate.
final class ScriptedAdapterControl: AdapterControl, Sendable {
  /// What it was told and what it says.
  struct Script: Sendable {
    var identity = AdapterIdentity(driver: "scripted")
    var facts = AdapterFacts()
    var joined: [MembershipSet] = []
    var askedCount = 0
    /// Questions about facts wait at the gate.
    var isHeld = false
    /// So do questions about identities.
    var isIdentityHeld = false
  }

  let script = LockedValue(Script())
  /// Opened when somebody waits.
  let isAsked: AutoResetEvent
  /// Opened by the test, once for each that waits.
  let mayAnswer: AutoResetEvent

  init() throws {
    isAsked = AutoResetEvent()
    mayAnswer = AutoResetEvent()
  }

  func identity(of interfaceIndex: Int32) -> AdapterIdentity {
    if script.withLock({ $0.isIdentityHeld }) { hold() }
    return script.withLock { $0.identity }
  }

  func facts(_ kinds: AdapterFacts.Kinds, of interfaceIndex: Int32) -> AdapterFacts {
    let isHeld = script.withLock { script in
      script.askedCount += 1
      return script.isHeld
    }
    if isHeld { hold() }
    return script.withLock { $0.facts }
  }

  func join(_ memberships: MembershipSet, on interfaceIndex: Int32, for owner: UInt64) {
    script.withLock { $0.joined.append(memberships) }
  }

  private func hold() {
    isAsked.set()
    _ = mayAnswer.wait(milliseconds: Patience.milliseconds)
  }
}
