/// Why an expression cannot be used as a filter.
public enum FrameFilterError: Error, Hashable, Sendable {
  /// libpcap is not installed, or too old; the name under which it was searched.
  case noLibrary(String)
  /// libpcap does not compile it; with its message.
  case notCompiled(String)
  /// It uses what is not in the bytes of a frame: direction, interface.
  case asksKernel
}
