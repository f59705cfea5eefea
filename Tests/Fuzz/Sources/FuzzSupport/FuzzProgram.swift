internal import CFuzzer
internal import Glibc

/// What is checked of each input: set once, before libFuzzer runs on the same thread.
nonisolated(unsafe) private var checked: (Input) -> Void = { _ in }

/// Runs libFuzzer with the arguments of the program until it has enough.
public func fuzz(_ check: @escaping (Input) -> Void) -> Never {
  checked = check
  var count = CommandLine.argc
  var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
  exit(LLVMFuzzerRunDriver(&count, &arguments, testOneInput))
}

/// What libFuzzer calls: one input, whole.
@c(LLVMFuzzerTestOneInput)
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  checked(Input(UnsafeBufferPointer(start: bytes, count: count)))
  return 0
}
