internal import Glibc
public import NdisprotC
internal import NdisprotClient

// Bindings and opens.

/// Lists the bindings.
@implementation @c
public func ndisprot_bindings(
  _ handle: OpaquePointer!, _ list: UnsafeMutablePointer<UnsafeMutablePointer<ndisprot_binding>?>!,
  _ entry_size: Int
) -> CInt {
  unsafe CInt(
    withConnection(handle) { handle, connection throws(ClientError) in
      guard let list = unsafe list, (1...4_096).contains(entry_size) else {
        return handle.misused()
      }
      unsafe list.pointee = nil
      let entries = try connection.bindings()
      guard !entries.isEmpty else { return 0 }
      guard let memory = unsafe calloc(entries.count, entry_size) else {
        return handle.fail(ENOMEM, "There is no memory for the list")
      }
      for index in entries.indices {
        _ = unsafe writeSized(
          ndisprot_binding(entries[index]), memory + index * entry_size, size: entry_size)
      }
      unsafe list.pointee = memory.assumingMemoryBound(to: ndisprot_binding.self)
      return entries.count
    })
}

extension ndisprot_binding {
  init(_ entry: BindingEntry) {
    self.init()
    ifindex = entry.interfaceIndex
    state = entry.state.rawValue
    link = entry.link.rawValue
    powered = entry.isPowered ? 1 : 0
    mtu = entry.mtu
    opens = entry.openCount
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
      for index in 0..<6 { unsafe bytes[index] = entry.address.octets[index] }
    }
    unsafe withUnsafeMutableBytes(of: &name) { unsafe copyText(entry.name, $0) }
    unsafe withUnsafeMutableBytes(of: &description) { unsafe copyText(entry.description, $0) }
  }
}

/// Waits for bindings.
@implementation @c
public func ndisprot_wait(
  _ handle: OpaquePointer!, _ names: UnsafePointer<UnsafePointer<CChar>?>!, _ count: CUnsignedInt,
  _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withConnection(handle, timeout: timeout_ms) { handle, connection throws(ClientError) in
      guard count <= 65_536, unsafe count == 0 || names != nil else { return handle.misused() }
      var wanted: [String] = []
      for index in 0..<Int(count) {
        guard let name = unsafe names[index] else { return handle.misused() }
        // A text that is not UTF-8 is not the name of an interface in the daemon's notation.
        wanted.append(unsafe text(name) ?? "")
      }
      do throws(ClientError) {
        try connection.wait(for: wanted, timeout: duration(timeout_ms))
      } catch .refused(.timedOut, _, _) {
        return handle.timedOut(timeout_ms, .wait)
      }
      return 0
    })
}

/// Opens a binding.
@implementation @c
public func ndisprot_open(
  _ handle: OpaquePointer!, _ name: UnsafePointer<CChar>!,
  _ options: UnsafePointer<ndisprot_options>!
) -> CInt {
  unsafe CInt(
    withConnection(handle) { handle, connection throws(ClientError) in
      var wanted = ndisprot_options()
      wanted.mode = UInt32(NDISPROT_SHARED)
      if let options = unsafe options {
        guard unsafe readSized(options, &wanted) else { return handle.misused() }
      }
      guard let name = unsafe name, let mode = OpenRequest.Mode(rawValue: wanted.mode),
        wanted.ethertype_count <= UInt16(EtherTypeSet.maximumCount)
      else { return handle.misused() }
      let types = unsafe withUnsafeBytes(of: wanted.ethertypes) { bytes in
        unsafe Array(bytes.bindMemory(to: UInt16.self).prefix(Int(wanted.ethertype_count)))
      }
      let binding = try connection.open(
        unsafe text(name) ?? "", etherTypes: EtherTypeSet(types), mode: mode,
        flags: OpenRequest.Flags(rawValue: wanted.flags), queueByteCount: wanted.queue_bytes,
        wait: .milliseconds(Int64(wanted.wait_ms)))
      handle.begin(binding)
      return 0
    })
}

/// What was granted.
@implementation @c
public func ndisprot_grant(
  _ handle: OpaquePointer!, _ grant: UnsafeMutablePointer<ndisprot_grant>!
) -> CInt {
  unsafe CInt(
    withBinding(handle) { handle, binding in
      guard let grant = unsafe grant, unsafe writeSized(ndisprot_grant(binding.granted), grant)
      else { return handle.misused() }
      return 0
    })
}

extension ndisprot_grant {
  init(_ granted: OpenReply) {
    self.init()
    mode = granted.mode.rawValue
    flags = granted.flags.rawValue
    queue_bytes = granted.queueByteCount
    ifindex = granted.interfaceIndex
    mtu = granted.maximumFrameSize
    unsafe withUnsafeMutableBytes(of: &address) { bytes in
      for index in 0..<6 { unsafe bytes[index] = granted.address.octets[index] }
    }
    let types = granted.etherTypes.wireValues.prefix(EtherTypeSet.maximumCount)
    ethertype_count = UInt16(types.count)
    unsafe withUnsafeMutableBytes(of: &ethertypes) { bytes in
      for (index, type) in types.enumerated() {
        unsafe bytes.storeBytes(of: type, toByteOffset: index * 2, as: UInt16.self)
      }
    }
    unsafe withUnsafeMutableBytes(of: &name) { unsafe copyText(granted.name, $0) }
  }
}

/// Closes the open.
@implementation @c
public func ndisprot_close(_ handle: OpaquePointer!) -> CInt {
  unsafe CInt(
    withBinding(handle) { handle, binding throws(ClientError) in
      // Replies to requests in progress must not reach the next open.
      try handle.reader?.reader.stop { _ in }
      _ = handle.writer?.writer.abandon()
      try binding.close()
      handle.end()
      return 0
    })
}

/// Reconnects and reopens.
@implementation @c
public func ndisprot_resume(_ handle: OpaquePointer!, _ timeout_ms: CInt) -> CInt {
  unsafe CInt(
    withBinding(handle, timeout: timeout_ms) { handle, binding throws(ClientError) in
      guard binding.connection.submittedCount == 0 else {
        return handle.fail(
          EBUSY, "Submitted requests are left: take them with ndisprot_reap() first")
      }
      let resuming = ResumingBinding(binding, path: handle.path, timeout: nil)
      try resuming.resume(after: .daemonGone, by: deadline(timeout_ms))
      handle.carryReport()
      handle.connection = resuming.current.connection
      handle.binding = resuming.current
      handle.reader = nil
      handle.writer = nil
      if handle.subscription.kinds != 0 {
        handle.events = try EventReader(
          resuming.current.connection, kinds: EventKindSet(rawValue: handle.subscription.kinds),
          interfaceIndex: handle.subscription.interfaceIndex)
      }
      return 0
    })
}

extension Handle {
  /// Begins an open: the state of a previous one is dropped.
  func begin(_ binding: OpenBinding) {
    end()
    self.binding = binding
  }

  /// The open has ended.
  func end() {
    binding = nil
    reader = nil
    writer = nil
    carried = ndisprot_report()
    kept.removeAll()
  }

  /// Keeps the counts of a writer whose session has ended, for the next report.
  func carryReport() {
    guard let writer else { return }
    carried.add(writer.writer.abandon())
    self.writer = nil
  }
}
