internal import Glibc
public import NdisprotC
internal import NdisprotClient

// Sessions and errors; each function is documented in ndisprot.h.

/// The version of the library.
@implementation @c
public func ndisprot_version() -> UnsafePointer<CChar>! {
  let version: StaticString = "0.1.0"
  return unsafe UnsafeRawPointer(version.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Connects to the daemon.
@implementation @c
public func ndisprot_connect(
  _ handle: UnsafeMutablePointer<OpaquePointer?>!, _ path: UnsafePointer<CChar>!, _ timeout_ms: CInt
) -> CInt {
  guard let place = unsafe handle else { return -EINVAL }
  unsafe place.pointee = nil
  let name = unsafe path.map { unsafe text($0) } ?? Connection.environmentPath
  let made: Handle
  do throws(ClientError) {
    made = try Handle(path: name ?? "")
  } catch {
    return -error.number(timeout: timeout_ms)
  }
  unsafe place.pointee = OpaquePointer(Unmanaged.passRetained(made).toOpaque())
  guard name != nil else {
    return CInt(made.fail(EILSEQ, "The path of the socket is not UTF-8: give one that is"))
  }
  do throws(ClientError) {
    made.connection = try Connection(
      path: made.path, interruption: made.interruption, timeout: duration(timeout_ms))
    return 0
  } catch {
    return CInt(made.fail(error, timeout: timeout_ms))
  }
}

/// Frees a handle.
@implementation @c
public func ndisprot_free(_ handle: OpaquePointer!) {
  guard let handle = unsafe handle else { return }
  unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(handle)).release()
}

/// The descriptor of the session.
@implementation @c
public func ndisprot_fd(_ handle: OpaquePointer!) -> CInt {
  unsafe CInt(withHandle(handle) { $0.connection.map { Int($0.descriptor) } ?? -Int(EBADF) })
}

/// Ends the waits.
@implementation @c
public func ndisprot_interrupt(_ handle: OpaquePointer!) {
  guard let handle = unsafe handle else { return }
  // May run in a signal handler: no lock, no memory allocation.
  unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef {
    $0.interruption.raise()
  }
}

/// Makes waits possible again.
@implementation @c
public func ndisprot_clear_interrupt(_ handle: OpaquePointer!) {
  guard let handle = unsafe handle else { return }
  unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef {
    $0.interruption.clear()
  }
}

/// The text for a number.
@implementation @c
public func ndisprot_strerror(_ error: CInt) -> UnsafePointer<CChar>! {
  unsafe UnsafePointer(strerror(error < 0 ? 0 &- error : error))
}

/// The sentence for the last failure.
@implementation @c
public func ndisprot_error(_ handle: OpaquePointer!) -> UnsafePointer<CChar>! {
  guard let handle = unsafe handle else {
    let text: StaticString =
      "There is no handle: memory or file descriptors were missing, or NULL was given"
    return unsafe UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }
  return unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef {
    unsafe $0.sentence
  }
}

/// The status of the last failure.
@implementation @c
public func ndisprot_last_status(
  _ handle: OpaquePointer!, _ status: UnsafeMutablePointer<ndisprot_status>!
) {
  guard let status = unsafe status else { return }
  guard let handle = unsafe handle else {
    _ = unsafe writeSized(ndisprot_status(), status)
    return
  }
  unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(handle))._withUnsafeGuaranteedRef {
    _ = unsafe writeSized($0.status, status)
  }
}
