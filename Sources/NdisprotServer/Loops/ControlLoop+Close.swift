internal import NDIS
internal import Ndisprot
internal import NdisprotControl
internal import Platform
internal import WDF

// ADMINISTRATION, close: each loop ends its sessions, and the last one sends the answer.

extension CloseRequest {
  /// The wording in the audit log.
  var deed: String {
    let what = isOpenOnly ? "close the open of" : "close"
    return switch target {
    case .session(let number): "\(what) session \(number)"
    case .user(let number): "\(what) user \(number)"
    }
  }

  /// Whether the request covers a session.
  fileprivate func means(_ session: Session) -> Bool {
    switch target {
    case .session(let number): session.number == number
    case .user(let number): session.credentials.userID == number
    }
  }
}

/// How many sessions were ended, and which loops have still to answer.
private final class CloseGather: @unchecked Sendable {  // Confined to control.
  var count = 0
  var outstanding = 1
}

extension ControlLoop {
  /// Ends sessions, or their opens, except the session that asks.
  func close(_ wanted: CloseRequest, _ parcel: RequestBox, for asker: Session) {
    let gather = CloseGather()
    for thread in threads.values {
      let host = thread.loop
      gather.outstanding += 1
      let isMailed = host.loop.post { [weak self] in
        let count = host.close(wanted, for: asker)
        guard let self else { return }
        _ = loop.post { self.add(count, to: gather, parcel, for: asker) }
      }
      if !isMailed { gather.outstanding -= 1 }
    }
    add(close(wanted, for: asker), to: gather, parcel, for: asker)
  }

  private func add(
    _ count: Int, to gather: CloseGather, _ parcel: RequestBox, for asker: Session
  ) {
    gather.count += count
    gather.outstanding -= 1
    guard gather.outstanding == 0 else { return }
    guard gather.count > 0 else {
      parcel.complete(.notFound)
      return
    }
    answer(CloseReply(count: UInt32(clamping: gather.count)).encoded, 0, parcel, for: asker)
  }
}

extension SessionHost {
  /// Ends the sessions of this loop that the request covers.
  ///
  /// - Returns: how many
  func close(_ wanted: CloseRequest, for asker: Session) -> Int {
    var count = 0
    for session in sessionsHere where session !== asker && wanted.means(session) {
      guard !session.isEnded, !wanted.isOpenOnly || session.open != nil else { continue }
      count += 1
      if wanted.isOpenOnly {
        endOpen(of: session)
      } else {
        session.endByAdministrator()
      }
    }
    return count
  }
}

extension Session {
  /// Ends the open, whose pended requests are refused; the session stays.
  func endOpenByAdministrator() {
    open?.revoke()
    closeOpen(.administrator)
  }

  fileprivate func endByAdministrator() {
    endReason = .administrator
    end(nil)
  }
}
