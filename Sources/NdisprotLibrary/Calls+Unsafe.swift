internal import Glibc
internal import NdisprotC
internal import NdisprotClient

// Forwards the calls of a program to the client library.

/// Calls `body` with the object behind a pointer; its result is 0, a count, or a negative errno.
@inline(__always)
func withHandle(_ pointer: OpaquePointer?, _ body: (Handle) -> Int) -> Int {
  guard let pointer = unsafe pointer else { return -Int(EINVAL) }
  let reference = unsafe Unmanaged<Handle>.fromOpaque(UnsafeRawPointer(pointer))
  return unsafe reference._withUnsafeGuaranteedRef { handle in
    guard !handle.isLending else { return -Int(EBUSY) }
    return body(handle)
  }
}

/// The same for a call that needs a session; compiled once, because none is made per frame.
@inline(never)
func withConnection(
  _ pointer: OpaquePointer?, timeout: CInt = -1,
  _ body: (Handle, Connection) throws(ClientError) -> Int
) -> Int {
  unsafe withHandle(pointer) { handle in
    guard let connection = handle.connection else {
      return handle.fail(EBADF, "The handle is not connected: call ndisprot_connect()")
    }
    do throws(ClientError) {
      let result = try body(handle, connection)
      if result >= 0 { handle.succeed() }
      return result
    } catch {
      return handle.fail(error, timeout: timeout)
    }
  }
}

/// The same for a call that needs an open.
@inline(never)
func withBinding(
  _ pointer: OpaquePointer?, timeout: CInt = -1,
  _ body: (Handle, OpenBinding) throws(ClientError) -> Int
) -> Int {
  unsafe withBusyBinding(pointer, timeout: timeout, body)
}

/// The same for a call that is made for each frame.
@inline(__always)
func withBusyBinding(
  _ pointer: OpaquePointer?, timeout: CInt = -1,
  _ body: (Handle, OpenBinding) throws(ClientError) -> Int
) -> Int {
  unsafe withHandle(pointer) { handle in
    guard let binding = handle.binding else {
      return handle.fail(EBADF, "The handle has no binding open: call ndisprot_open()")
    }
    do throws(ClientError) {
      let result = try body(handle, binding)
      if result >= 0 { handle.succeed() }
      return result
    } catch {
      return handle.fail(error, timeout: timeout)
    }
  }
}

/// The program's timeout; nil waits indefinitely.
func duration(_ milliseconds: CInt) -> Duration? {
  milliseconds < 0 ? nil : .milliseconds(Int64(milliseconds))
}

/// The deadline of a timeout.
@inline(__always)
func deadline(_ milliseconds: CInt) -> Deadline {
  milliseconds < 0 ? .never : Deadline(after: .milliseconds(Int64(milliseconds)))
}

extension Handle {
  /// The result of a call that timed out without an error.
  func timedOut(_ timeout: CInt, _ operation: Operation) -> Int {
    guard timeout == 0 else { return fail(.timedOut(operation), timeout: timeout) }
    // A program that polls gets this often, and needs no message.
    succeed()
    return -Int(EAGAIN)
  }

  /// The result of a call with an invalid argument.
  func misused() -> Int {
    fail(EINVAL, "An argument is NULL, too large, or a structure's size is not set: see ndisprot.h")
  }

  /// Hangs up because of a protocol violation by the daemon.
  func malformed(_ binding: OpenBinding, _ opcode: Opcode) -> ClientError {
    binding.connection.hangUp(malformed: opcode)
  }
}
