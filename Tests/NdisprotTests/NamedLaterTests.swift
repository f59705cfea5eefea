import NDIS
import TestSupport
import Testing

@testable import Ndisprot

/// A driver whose opens follow a policy, as the server has them do.
private final class JudgingDriver: BindingObserver {
  let fixture: DataPathFixture
  let driver: NdisprotDriver
  let dataPath: BindingDataPath
  private let policy: AccessPolicy

  init(_ policy: AccessPolicy) throws {
    self.policy = policy
    fixture = try DataPathFixture()
    (driver, _, dataPath) = try fixture.makeDrivenBinding(on: ScriptedMiniport())
    driver.observer = self
  }

  func rulesMayDiffer(for binding: AdapterBinding) {
    for open in dataPath.opens { _ = open.follow(policy) }
  }

  func bindingAdded(_ binding: AdapterBinding) {}
  func bindingChanged(
    _ binding: AdapterBinding, _ changes: [EventKind], _ action: BindingStateMachine.Action
  ) {}
  func bindingPauses(_ binding: AdapterBinding) {}
  func bindingStateChanged(
    _ binding: AdapterBinding, _ action: BindingStateMachine.Action, cancelledWrites: Int
  ) {}
  func bindingRemoved(_ binding: AdapterBinding) { dataPath.unbind() }
  func interfacesMayBeReplaced() {}
  func bindsComplete() {}
  func bindRefused(_ attributes: AdapterAttributes, _ error: BindError) {}
}

@Suite("Rules by driver, before and after it is known")
struct NamedLaterTests {
  private static func rule(_ match: InterfaceMatch, _ rights: AccessRights) -> AccessRule {
    AccessRule(
      name: "r", origin: "test", subject: .user(1000), interface: match,
      etherTypes: EtherTypeSet([0xFFFF]), vlans: match.driver == nil ? .untagged : .any,
      rights: rights)
  }

  @Test("an open made before the driver was named has what rules about it give, once it is named")
  func namedLater() throws {
    let policy = AccessPolicy([
      Self.rule(InterfaceMatch(name: .like("*")), [.read]),
      Self.rule(InterfaceMatch(driver: "veth"), [.read, .setOID]),
    ])
    let lab = try JudgingDriver(policy)
    var options = OpenOptions()
    let access = try policy.grant(
      &options, isDevice: false,
      to: Credentials(processID: 1, userID: 1000, groupID: 1000, groups: []),
      on: lab.fixture.attributes)
    let client = try DataPathFixture.Client(lab.fixture, options, access, on: lab.dataPath)
    #expect(client.open.access.rights == .read)
    var attributes = lab.fixture.attributes
    attributes.mtu += 1
    lab.driver.adapterChanged(attributes)
    #expect(client.open.access.rights == .read)
    attributes.driver = "veth"
    lab.driver.adapterChanged(attributes)
    #expect(client.open.access.rights == [.read, .setOID])
    // A card of another driver behind the same index is judged anew, too.
    attributes.driver = "e1000"
    lab.driver.adapterChanged(attributes)
    #expect(client.open.access.rights == .read)
  }
}
