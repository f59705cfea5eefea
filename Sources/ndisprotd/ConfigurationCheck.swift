internal import CLinux
internal import Glibc
internal import Logging
internal import MDL
internal import Miniport
internal import NDIS
internal import Ndisprot
internal import NdisprotConfiguration
internal import NdisprotServer

// `--check-config`: reports problems, and starts nothing.

/// Checks the configuration: problems and warnings go to standard error; a summary goes to standard
/// output if requested or on a terminal.
///
/// - Returns: the exit code
func checkConfiguration(_ options: DaemonOptions, _ logger: Logger) -> Int32 {
  do throws(ConfigurationError) {
    let loaded = try ConfigurationSource(path: options.configurationPath).load()
    let results = AccountDirectory().results(for: loaded.accounts, within: 10_000)
    let (server, warnings) = loaded.resolved(results)
    let here = LocalInterface.all
    for warning in warnings + server.vlanWarnings(here) { logger.warning("\(warning)") }
    guard options.summary || isatty(STDOUT_FILENO) == 1 else { return 0 }
    let line = Array("\(server.summary(here))\n".utf8)
    guard unsafe write(STDOUT_FILENO, line, line.count) == line.count else { return 74 }
    return 0
  } catch {
    for problem in error.problems { StandardError.write(problem.description, after: "") }
    return ExitStatus.configuration
  }
}

extension ServerConfiguration {
  /// `ok: 3 rules, 2 bindings; eth0 and enp3s0 match now`.
  func summary(_ here: [LocalInterface]) -> String {
    func count(_ count: Int, _ word: String) -> String {
      "\(count) \(word)\(count == 1 ? "" : "s")"
    }
    let names = bound(here).map { $0.name.description }
    let matching =
      switch names.count {
      case 0: "no interface matches now"
      case 1: "\(names[0]) matches now"
      default:
        names.dropLast().joined(separator: ", ")
          + " and \(names[names.count - 1]) match now"
      }
    return
      "ok: \(count(policy.rules.count, "rule")), \(count(bindings.count, "binding")); \(matching)"
  }

  private func bound(_ here: [LocalInterface]) -> [LocalInterface] {
    here.filter { interface in
      bindings.contains { $0.interface.matches(interface.attributes) }
    }
  }

  /// Warnings about rules by VLAN that have no effect because the VLAN has a device of its own.
  func vlanWarnings(_ here: [LocalInterface]) -> [String] {
    let bound = Set(bound(here).map(\.name))
    return here.compactMap { device in
      guard let parent = device.vlanParent, bound.contains(device.name), bound.contains(parent)
      else { return nil }
      return "\(files.first ?? ""): the VLAN device \(device.name) is bound beside its "
        + "parent \(parent): rules about VLANs of the one do not hold on the other. "
        + "Bind one of them by its name"
    }
  }
}

/// An Ethernet interface of this network namespace.
struct LocalInterface {
  var index: Int32 = 1
  var name: InterfaceName
  var alternativeNames: [InterfaceName] = []
  var address = MACAddress.zero
  /// nil if the kernel names none.
  var driver: String?
  /// The interface below a VLAN device.
  var vlanParent: InterfaceName?

  var attributes: AdapterAttributes {
    var attributes = AdapterAttributes(
      interfaceIndex: index, name: name, description: "", hardwareType: 1, isLoopback: false,
      address: address, mtu: 1_500, isUp: true, link: .connected, driver: driver)
    attributes.alternativeNames = alternativeNames
    return attributes
  }

  /// The interfaces that exist now.
  ///
  /// - Source: getifaddrs(3), rtnetlink(7), ethtool; /proc/net/vlan/config
  static var all: [LocalInterface] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    let parents = vlanParents
    let card = try? CardControl()
    var all: [LocalInterface] = []
    var next = unsafe first
    while let entry = unsafe next {
      unsafe next = entry.pointee.ifa_next
      guard let raw = unsafe entry.pointee.ifa_addr, unsafe raw.pointee.sa_family == AF_PACKET
      else { continue }
      let link = unsafe UnsafeRawPointer(raw).loadUnaligned(as: sockaddr_ll.self)
      guard link.sll_hatype == 1, link.sll_halen == 6 else { continue }
      let bytes = link.sll_addr
      guard
        let name = unsafe InterfaceName(
          bytes: [UInt8](
            UnsafeRawBufferPointer(
              start: entry.pointee.ifa_name, count: strlen(entry.pointee.ifa_name))))
      else { continue }
      all.append(
        LocalInterface(
          index: link.sll_ifindex, name: name,
          alternativeNames: CardControl.alternativeNames(of: link.sll_ifindex),
          address: MACAddress([bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5]),
          driver: try? card?.identity(of: link.sll_ifindex).driver, vlanParent: parents[name]))
    }
    return all
  }

  /// VLAN device -> the interface below; empty if the kernel has no VLAN support.
  private static var vlanParents: [InterfaceName: InterfaceName] {
    guard let file = unsafe fopen("/proc/net/vlan/config", "re") else { return [:] }
    defer { unsafe fclose(file) }
    var parents: [InterfaceName: InterfaceName] = [:]
    var line = [CChar](repeating: 0, count: 512)
    while unsafe fgets(&line, Int32(line.count), file) != nil {
      let text = String(
        decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      let words = text.split(whereSeparator: { $0 == "|" || $0.isWhitespace })
      guard words.count == 3, UInt16(words[1]) != nil, let device = InterfaceName(String(words[0]))
      else { continue }
      parents[device] = InterfaceName(String(words[2]))
    }
    return parents
  }
}
