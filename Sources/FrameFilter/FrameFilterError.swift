/// Why an expression is of no use as a filter.
public enum FrameFilterError: Error, Hashable, Sendable {
  /// libpcap is not installed, or too old; the name that it was looked for by.
  case noLibrary(String)
  /// libpcap does not compile it, and says why.
  case notCompiled(String)
  /// It asks for what is not in the bytes of a frame: direction, interface.
  case asksKernel
}
