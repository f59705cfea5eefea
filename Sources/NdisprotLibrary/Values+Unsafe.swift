internal import Glibc
public import NdisprotC
internal import NdisprotClient

// OIDs, groups, statistics and events.

/// Queries an OID.
@implementation @c
public func ndisprot_query_oid(
  _ handle: OpaquePointer!, _ oid: UInt32, _ value: UnsafeMutableRawPointer!, _ size: Int
) -> Int {
  unsafe withBusyBinding(handle) { handle, binding throws(ClientError) in
    guard size >= 0, unsafe value != nil || size == 0 else { return handle.misused() }
    let count = try binding.query(OID(rawValue: oid), byteLimit: size) { bytes in
      unsafe bytes.withUnsafeBytes { bytes in
        if let from = bytes.baseAddress, bytes.count <= size {
          unsafe value?.copyMemory(from: from, byteCount: bytes.count)
        }
        return bytes.count
      }
    }
    // A query has room for at least four bytes (rule Q-28).
    guard count <= size else {
      throw .refused(.bufferTooSmall, .query, bytesNeeded: UInt32(clamping: count))
    }
    return count
  }
}

/// Sets an OID.
@implementation @c
public func ndisprot_set_oid(
  _ handle: OpaquePointer!, _ oid: UInt32, _ value: UnsafeRawPointer!, _ size: Int
) -> CInt {
  unsafe CInt(
    withBinding(handle) { handle, binding throws(ClientError) in
      guard (0...MessageHeader.maximumPayloadByteCount / 2).contains(size),
        unsafe value != nil || size == 0
      else { return handle.misused() }
      try binding.set(
        OID(rawValue: oid), unsafe Array(UnsafeRawBufferPointer(start: value, count: size)))
      return 0
    })
}

/// Adds a group.
@implementation @c
public func ndisprot_join(_ handle: OpaquePointer!, _ group: UnsafePointer<UInt8>!) -> CInt {
  unsafe CInt(
    withBinding(handle) { handle, binding throws(ClientError) in
      guard let group = unsafe address(group) else { return handle.misused() }
      try binding.join(group)
      return 0
    })
}

/// Removes a group.
@implementation @c
public func ndisprot_leave(_ handle: OpaquePointer!, _ group: UnsafePointer<UInt8>!) -> CInt {
  unsafe CInt(
    withBinding(handle) { handle, binding throws(ClientError) in
      guard let group = unsafe address(group) else { return handle.misused() }
      try binding.leave(group)
      return 0
    })
}

private func address(_ bytes: UnsafePointer<UInt8>?) -> MACAddress? {
  guard let bytes = unsafe bytes else { return nil }
  return unsafe MACAddress(RawSpan(_unsafeStart: bytes, byteCount: 6))
}

/// Passes the counters to a function.
@implementation @c
public func ndisprot_statistics(
  _ handle: OpaquePointer!, _ ifindex: UInt32, _ function: ndisprot_counter_fn!,
  _ context: UnsafeMutableRawPointer!
) -> CInt {
  unsafe CInt(
    truncatingIfNeeded: withConnection(handle) { handle, connection throws(ClientError) in
      guard let function = unsafe function else { return handle.misused() }
      let objects = try connection.statistics(interfaceIndex: ifindex)
      handle.isLending = true
      defer { handle.isLending = false }
      var count = 0
      var objectWords = LentBytes()
      var counterWords = LentBytes()
      for object in objects {
        let objectName = unsafe objectWords.hold(object.name)
        for reading in object.readings {
          let name = reading.counter?.name ?? "counter" + String(reading.number)
          var counter = unsafe ndisprot_counter(
            object: object.kind.rawValue, ifindex: object.interfaceIndex, id: object.id,
            object_name: objectName, name: counterWords.hold(name), value: reading.value)
          unsafe function(&counter, context)
          count += 1
        }
      }
      return count
    })
}

/// Subscribes to events.
@implementation @c
public func ndisprot_subscribe(
  _ handle: OpaquePointer!, _ kinds: UInt32, _ ifindex: UInt32
) -> CInt {
  unsafe CInt(
    withConnection(handle) { handle, connection throws(ClientError) in
      handle.events = try EventReader(
        connection, kinds: EventKindSet(rawValue: kinds), interfaceIndex: ifindex)
      handle.subscription = (kinds, ifindex)
      return 0
    })
}

/// Takes the next event.
@implementation @c
public func ndisprot_next_event(
  _ handle: OpaquePointer!, _ event: UnsafeMutablePointer<ndisprot_event>!, _ timeout_ms: CInt
) -> CInt {
  unsafe CInt(
    withConnection(handle, timeout: timeout_ms) { handle, _ throws(ClientError) in
      guard let event = unsafe event else { return handle.misused() }
      guard let events = handle.events else {
        return handle.fail(EBADF, "No events were asked for: call ndisprot_subscribe()")
      }
      guard let next = try events.next(by: deadline(timeout_ms)) else {
        return handle.timedOut(timeout_ms, .subscribe)
      }
      return unsafe writeSized(ndisprot_event(next), event) ? 0 : handle.misused()
    })
}

extension ndisprot_event {
  init(_ message: EventMessage) {
    self.init()
    kind = message.kind.rawValue
    sequence = message.sequence
    lost = message.lost
    time_ns = message.timestamp
    change_count = message.changeCount
    if let entry = message.binding {
      has_binding = 1
      binding = ndisprot_binding(entry)
    }
  }
}
