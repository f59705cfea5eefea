/// The identifier of an object outside the process: in logs, reports and on the control channel.
///
/// A slot is reused by later objects, each with the next generation, so a stale identifier never
/// finds another object. A slot whose generation would wrap is retired.
///
/// - Shape: `[generation 32][slot 32]` as one word
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
  /// The index of the object's node.
  public let slot: UInt32
  /// Distinguishes the users of the slot.
  public let generation: UInt32

  /// Makes the identifier of a slot's user.
  public init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }

  /// Both halves as one word.
  public var rawValue: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

  /// `slot.generation`, decimal.
  public var description: String { "\(slot).\(generation)" }
}
