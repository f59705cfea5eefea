public import NDIS

/// Why a binding or an open could not be made.
public enum BindingError: Error, Hashable, Sendable {
  /// No bound interface has this name.
  case adapterNotFound
  /// Another open holds an EtherType exclusively, or wants one exclusively that is taken.
  case busy
  /// The session has an open already.
  case alreadyOpen
  /// The interface is down, and did not come up in time.
  case notReady
  /// The caller has no right to it.
  case notPermitted
  /// A field of the request has an invalid value.
  case invalidParameter
  /// More queue bytes than the open may have, or out of memory.
  case noMemory
  /// The kernel does not let the daemon give frames this priority.
  case priorityRefused(UInt8, MiniportError)
  /// A limit on the memory of rings is reached.
  case overBudget(Budget.Refusal)
  /// The kernel refused the capture handle or the send socket.
  case miniport(MiniportError)

  /// The row of the table that the client sees.
  public var completion: CompletionStatus {
    switch self {
    case .adapterNotFound: .adapterNotFound
    case .busy, .alreadyOpen: .busy
    case .notReady: .notReady
    case .notPermitted, .priorityRefused: .notPermitted
    case .invalidParameter: .invalidParameter
    case .noMemory, .overBudget: .noMemory
    case .miniport(.noSuchDevice): .adapterNotFound
    case .miniport(.notUp): .notReady
    case .miniport(.notEthernet): .unsupportedMedium
    case .miniport: .openFailed
    }
  }
}
