internal import CFuzzer
internal import Glibc

/// What is checked of each input: set once, before libFuzzer runs on the same thread.
nonisolated(unsafe) private var checked: (Input) -> Void = { _ in }

/// The input that is being checked.
nonisolated(unsafe) var current = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

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
  let input = UnsafeBufferPointer(start: bytes, count: count)
  current = input
  checked(Input(input))
  return 0
}
