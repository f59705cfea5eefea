/// Why an operation on a chain, a span or a builder was refused.
///
/// Every check precedes the first access, so an operation that throws has changed nothing.
public enum MDLError: Error, Equatable, Sendable {
  /// An offset or a length exceeds the chain, span or region, or is negative.
  case outOfBounds
  /// The two sides of a copy differ in length.
  case lengthMismatch
  /// The destination has less room than the source has bytes.
  case destinationTooSmall
  /// The builder's table is full.
  case tooManySegments
  /// A segment index or byte offset that no position of this chain can have.
  case invalidOffset
}
