import Glibc
import NDIS
import Ndisprot
import Platform
import TestSupport
import Testing
import WDF

@testable import NdisprotServer

/// A server on a scripted wire, and the path of its socket; stopped at the end of `body`.
///
/// `prepare` may change the world below it, and what a reload reads.
func withScriptedServer(
  deadlineNanoseconds: UInt64 = 2 * Patience.nanoseconds, isIdentityHeld: Bool = false,
  prepare: (inout ServerEnvironment, ServerConfiguration) -> Void = { _, _ in },
  bypassesQdisc: Bool = false,
  _ body: (Server, ScriptedWire, String) throws -> Void
) throws {
  var template = Array("/tmp/ndisprot-XXXXXX\0".utf8CString)
  let made = template.withUnsafeMutableBufferPointer { $0.baseAddress.flatMap { mkdtemp($0) } }
  let directory = try #require(made.map { String(cString: $0) })
  let path = directory + "/socket"
  let wire = try ScriptedWire()
  wire.card.script.withLock { $0.isIdentityHeld = isIdentityHeld }
  var binding = BindingConfiguration(interface: InterfaceMatch(name: .exactly("np0")))
  binding.bypassesQdisc = bypassesQdisc
  let configuration = ServerConfiguration(
    bindings: [binding],
    policy: AccessPolicy([
      AccessRule(
        name: "self", origin: "test", subject: .user(getuid()),
        interface: InterfaceMatch(name: .like("*")), etherTypes: EtherTypeSet([0xFFFF]),
        vlans: .any, rights: .all)
    ]), isVerified: true)
  var environment = wire.environment(deadlineNanoseconds: deadlineNanoseconds)
  prepare(&environment, configuration)
  let server = try Server(
    configuration: configuration, environment: environment,
    listener: ListeningSocket.make(path: path, mode: 0o600))
  defer {
    wire.forget()
    unlink(path)
    rmdir(directory)
  }
  #expect(try server.start()?.boundNames == ["np0"])
  try body(server, wire, path)
  #expect(server.stop() == nil)
}
