internal import CLinux
internal import Glibc
public import NDIS
public import Platform

/// The real edge below for calls that may block on the kernel's rtnl lock.
///
/// All queries use the interface index, in the network namespace where this was created.
///
/// - Thread: the kernel thread; created on any
public final class CardControl: AdapterControl {
  private let socket: CardSocket
  /// What the bindings need from their NICs; has no entry for a binding that needs nothing.
  private var memberships: [UInt64: MembershipSocket] = [:]

  /// Opens the socket for queries.
  ///
  /// - Throws: `SystemError` of socket
  public init() throws(SystemError) { socket = try CardSocket() }

  /// The driver's name, whether it is Wi-Fi, and whether libpcap opens it under one of its names.
  public func identity(of interfaceIndex: Int32) throws(MiniportError) -> AdapterIdentity {
    // struct ethtool_drvinfo: u32 command, then the name in 32 bytes.
    var bytes = [UInt8](littleEndian: UInt32(ETHTOOL_GDRVINFO))
    bytes += [UInt8](repeating: 0, count: MemoryLayout<ethtool_drvinfo>.size - bytes.count)
    let isAnswered = try socket.ethtool(&bytes, interfaceIndex) == 0
    let driver = isAnswered ? unsafe bytes.span.bytes.extracting(4..<36).text : ""
    return AdapterIdentity(
      driver: driver, isWireless: try socket.isWireless(interfaceIndex),
      isCapturable: CaptureDevice.canOpen(interfaceIndex))
  }

  /// The alternative names of an interface; none if the kernel does not answer.
  public static func alternativeNames(of interfaceIndex: Int32) -> [InterfaceName] {
    KernelInterface.alternativeNames(interfaceIndex).compactMap { InterfaceName(bytes: $0) }
  }

  /// Speed and mode from ethtool, counters from rtnetlink.
  public func facts(
    _ kinds: AdapterFacts.Kinds, of interfaceIndex: Int32
  ) throws(MiniportError) -> AdapterFacts {
    var facts = AdapterFacts()
    if kinds.contains(.link) { facts.link = try link(interfaceIndex) }
    if kinds.contains(.statistics) { facts.statistics = try socket.statistics(interfaceIndex) }
    return facts
  }

  private func link(_ interfaceIndex: Int32) throws(MiniportError) -> LinkSettings {
    let command = [UInt8](littleEndian: UInt32(ETHTOOL_GLINKSETTINGS))
    let rest = EthtoolSettings.headerByteCount - command.count
    var bytes = command + [UInt8](repeating: 0, count: rest)
    var settings = LinkSettings()
    // Asked with empty masks, the kernel returns the number of their words; asked again, it
    // answers.
    if try socket.ethtool(&bytes, interfaceIndex) == 0 {
      let wordCount = unsafe -EthtoolSettings.wordCount(bytes.span.bytes)
      if wordCount > 0, wordCount <= EthtoolSettings.maximumWordCount {
        bytes = command + [UInt8](repeating: 0, count: rest + 3 * 4 * wordCount)
        bytes[15] = UInt8(truncatingIfNeeded: wordCount)
        if try socket.ethtool(&bytes, interfaceIndex) == 0 {
          settings = unsafe EthtoolSettings.link(bytes.span.bytes)
        }
      }
    }
    var pause = [UInt8](littleEndian: UInt32(ETHTOOL_GPAUSEPARAM), 0, 0, 0)
    if try socket.ethtool(&pause, interfaceIndex) == 0 {
      let (functions, isNegotiated) = unsafe EthtoolSettings.pause(pause.span.bytes)
      settings.pause = functions
      if isNegotiated { settings.autoNegotiation.insert(.pause) }
    }
    return settings
  }

  /// Makes these the only memberships of a binding on its NIC.
  public func join(
    _ wanted: MembershipSet, on interfaceIndex: Int32, for owner: UInt64
  ) throws(MiniportError) {
    guard !wanted.isEmpty else {
      memberships[owner] = nil
      return
    }
    let socket: MembershipSocket
    if let known = memberships[owner] {
      socket = known
    } else {
      socket = try MembershipSocket(interfaceIndex)
      memberships[owner] = socket
    }
    try socket.follow(wanted)
  }
}
