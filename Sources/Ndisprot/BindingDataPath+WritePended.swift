internal import MDL
internal import NDIS
internal import WDF

// Writes that wait: behind others of their open, for room in the socket, or for the interface's queue.

extension BindingDataPath {
  /// Pended frames of one open that a turn of the loop sends, before the next open has its turn.
  static let framesPerTurn = 64
  /// Tries of a message within a millisecond while the interface's queue is full and takes nothing
  /// (R15 of `users-ask`); the frames behind the one that is given up have one each.
  static let maximumTries = 10
  static let retryNanoseconds: UInt64 = 100_000

  func countWaiting(_ byteCount: Int, of open: OpenContext) {
    open.pendedWriteBytes &+= byteCount
    waitingWriteBytes &+= byteCount
    writeMemory.change(by: byteCount)
  }

  /// Sends the pended writes of all opens, a bounded part of each.
  ///
  /// - Returns: whether more could be sent at once
  public func sendPended() -> Bool {
    // The end of every turn comes here: it is not to look at each of a thousand opens.
    guard waitingWriteBytes > 0 else {
      noteDrained(cancelledWrites: 0)
      return false
    }
    var hasMore = false
    let all = opens
    let first = firstToSend
    for step in all.indices {
      let index = (first &+ step) % all.count
      let open = all[index]
      guard let operation = open.writes.first, !isBlocked else { continue }
      let isMeasured = open.requester.workBegins()
      defer { open.requester.workEnds(isMeasured) }
      let isThrough = advance(operation, of: open, frameLimit: BindingDataPath.framesPerTurn)
      // Whoever finds the kernel full may do so every time: the others come before it then (D-48).
      if isBlocked { firstToSend = (index &+ 1) % all.count }
      if isThrough {
        open.writes.removeFirst()
        countWaiting(-operation.message.byteCount, of: open)
        finish(operation, of: open)
      }
      hasMore = hasMore || (!open.writes.isEmpty && !isBlocked)
    }
    noteDrained(cancelledWrites: 0)
    return hasMore
  }

  /// Whether the kernel was full when last asked.
  var isBlocked: Bool { isRetryScheduled || isWaitingForRoom }

  func scheduleRetry() {
    guard !isRetryScheduled else { return }
    isRetryScheduled = true
    _ = executor.schedule(afterNanoseconds: BindingDataPath.retryNanoseconds) { [weak self] in
      self?.isRetryScheduled = false
    }
  }

  /// The operation has to wait: what is known of its frames must outlive the next one's.
  func keepStatuses(of operation: WriteOperation) {
    guard operation.parameters.isBatch else { return }
    let kept = StatusBuffer()
    kept.copy(from: statuses, count: operation.index)
    operation.keptStatuses = kept
  }

  /// Ends the pended writes of an open: what was not sent is not sent.
  func cancelWrites(of open: OpenContext, status: CompletionStatus) {
    let pended = open.writes
    open.writes.removeAll()
    countWaiting(-open.pendedWriteBytes, of: open)
    for operation in pended { cancel(operation, of: open, status: status) }
  }

  /// Ends one pended write; false if there is none with this id (rule W-18).
  func cancelWrite(_ id: UInt64, of open: OpenContext) -> Bool {
    guard let index = open.writes.firstIndex(where: { $0.parameters.id == id }) else {
      return false
    }
    let operation = open.writes.remove(at: index)
    countWaiting(-operation.message.byteCount, of: open)
    cancel(operation, of: open, status: .sendCancelled)
    return true
  }

  private func cancel(
    _ operation: WriteOperation, of open: OpenContext, status: CompletionStatus
  ) {
    let check = WriteCheck(open, isAdmitted: false)
    while !operation.isThrough {
      open.transmit.cancelled &+= 1
      endFrame(operation, status, check)
    }
    finish(operation, of: open)
  }
}
