internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

// A refusal gives its reason: to the client in the reply, and to the operator in the audit.

/// The reasons of refused requests that are about to complete.
///
/// - Thread: the loop that has the session
final class RefusalReasons {
  /// The longest text in a reply; a grant may name many rules.
  static let maximumCharacterCount = 1_000
  private let texts = HotCell<[UInt64: String]>([:])

  /// Keeps the reason of a request until its reply is written.
  func note(_ reason: String, of id: UInt64) { texts.value[id] = reason }

  /// The reason of a request, the first time.
  func take(_ id: UInt64) -> String? {
    texts.value.isEmpty ? nil : texts.value.removeValue(forKey: id)
  }
}

extension Session {
  /// The access policy refuses a request of the open, which completes next.
  func refused(_ refusal: AccessRefusal, of parameters: RequestParameters) {
    auditDenial(refusal)
    reasons.note(refusal.description, of: parameters.id)
  }

  /// Completes a request with a refusal and its reason.
  ///
  /// A client that did not ask for reasons gets the text only where it always did: in the reply to
  /// OPEN, and to every request but the sample's while the configuration is broken.
  func refuse(_ request: RequestBox, _ status: CompletionStatus, _ reason: String) {
    let isOpen = request.parameters.opcode == Opcode.open.rawValue
    let hasText = isOpen || (status == .misconfigured && !request.isOpenDevice)
    guard features.contains(.reasons) || !hasText else {
      finish(request, Array(reason.utf8), status: status)
      return
    }
    guard let request = request.take() else { return }
    reasons.note(reason, of: request.parameters.id)
    request.complete(RequestStatus(status))
  }

  /// Why a request failed, for the end of its answer; nil if the reason is unknown or the client
  /// did not ask for reasons.
  func takeReason(of parameters: RequestParameters, _ status: CompletionStatus) -> String? {
    let noted = reasons.take(parameters.id)
    guard status.errno != 0, features.contains(.reasons) else { return nil }
    guard let reason = noted ?? Session.reason(ofRevoked: parameters, status) else { return nil }
    let maximum = RefusalReasons.maximumCharacterCount
    return reason.utf8.count > maximum ? String(reason.prefix(maximum)) : reason
  }

  /// A read or a write that was accepted is refused only when a reload takes the right away.
  private static func reason(
    ofRevoked parameters: RequestParameters, _ status: CompletionStatus
  ) -> String? {
    guard parameters.isTransfer, status == .notPermitted else { return nil }
    return "the right to it was taken away while it was pended"
  }
}
