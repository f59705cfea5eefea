import TestSupport
import Testing

/// Everything that needs interfaces: one after the other, in a namespace of our own or not at all.
@Suite(
  "On veth", .serialized, .timeLimit(.minutes(15)),
  .enabled(if: OwnNamespace.isHere, Comment(rawValue: OwnNamespace.reason)))
struct OnVeth {}
