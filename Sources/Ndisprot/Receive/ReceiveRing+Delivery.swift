internal import MDL
internal import NDIS
internal import WDF

/// The result of a read for which there is a frame.
enum ReadOutcome {
  case taken(information: Int)
  case blocked
  case refused(CompletionStatus, bytesNeeded: Int)
}

extension ReceiveRing {
  /// Answers a read of an open whose cursor stands on a frame for it.
  borrowing func deliver(to open: OpenContext, _ parameters: RequestParameters) -> ReadOutcome {
    parameters.isBatch ? deliverBatch(to: open, parameters) : deliverOne(to: open, parameters)
  }

  /// READ_BATCH: as many whole records as fit, without copying.
  ///
  /// If the client's socket does not take a message of this length, it gets a shorter one, at least
  /// one cut frame.
  private borrowing func deliverBatch(
    to open: OpenContext, _ parameters: RequestParameters
  ) -> ReadOutcome {
    guard var cursor = open.cursor else { return .refused(.bindingGone, bytesNeeded: 0) }
    defer { open.cursor = cursor }
    while true {
      var slices = RingSlices()
      let batch = cursor.gather(
        self, open.filter, byteLimit: min(parameters.outputByteCount, open.deliveryByteLimit),
        recordLimit: parameters.count == 0 ? .max : Int(parameters.count), into: &slices)
      guard batch.recordCount > 0 else {
        let needed = FrameRecord.byteCount(ofFrame: frameByteCount(at: cursor.position))
        guard needed <= parameters.outputByteCount else {
          return .refused(.bufferTooSmall, bytesNeeded: needed)
        }
        return deliverCut(to: open, &cursor, parameters)
      }
      let outcome = withChain(slices, lostInFront: open.lossesToTell(cursor)) { chain in
        open.requester.answer(
          parameters, Answer(information: batch.byteCount, recordCount: batch.recordCount),
          .records(chain))
      }
      switch outcome {
      case .taken:
        cursor.consume(batch)
        return .taken(information: batch.byteCount)
      case .blocked: return .blocked
      case .tooLong(let limit):
        guard open.limitDelivery(limit, below: batch.byteCount) else {
          return .refused(.noMemory, bytesNeeded: batch.byteCount)
        }
      }
    }
  }

  /// One record of a batch, cut to what the client's socket takes.
  private borrowing func deliverCut(
    to open: OpenContext, _ cursor: inout ReceiveCursor, _ parameters: RequestParameters
  ) -> ReadOutcome {
    var slices = RingSlices()
    let batch = cursor.gather(self, open.filter, byteLimit: .max, recordLimit: 1, into: &slices)
    let room = min(
      open.deliveryByteLimit - FrameRecord.headerByteCount, frameByteCount(at: cursor.position))
    let byteCount = FrameRecord.byteCount(ofFrame: room)
    let lost = open.lossesToTell(cursor)
    let outcome = withCutRecord(at: cursor.position, byteCount: room, lostInFront: lost) {
      open.requester.answer(
        parameters, Answer(information: byteCount, recordCount: 1), .records($0))
    }
    switch outcome {
    case .taken:
      cursor.consume(batch)
      return .taken(information: byteCount)
    case .blocked: return .blocked
    case .tooLong: return .refused(.noMemory, bytesNeeded: byteCount)
    }
  }

  /// READ: one record, cut to the client's room (R-11, R-12, D-4).
  private borrowing func deliverOne(
    to open: OpenContext, _ parameters: RequestParameters
  ) -> ReadOutcome {
    guard var cursor = open.cursor else { return .refused(.bindingGone, bytesNeeded: 0) }
    defer { open.cursor = cursor }
    var slices = RingSlices()
    let batch = cursor.gather(self, open.filter, byteLimit: .max, recordLimit: 1, into: &slices)
    let frameByteCount = frameByteCount(at: cursor.position)
    let lost = open.lossesToTell(cursor)
    while true {
      let socketRoom = max(0, open.deliveryByteLimit - FrameRecord.headerByteCount)
      let room = min(parameters.outputByteCount, socketRoom)
      let outcome: AnswerOutcome
      if frameByteCount <= room {
        outcome = withChain(slices, lostInFront: lost) { chain in
          open.requester.answer(
            parameters, Answer(information: frameByteCount, recordCount: 1), .records(chain))
        }
      } else if open.options.flags.contains(.failOnTruncation) {
        return .refused(.messageTooLong, bytesNeeded: frameByteCount)
      } else {
        outcome = withCutRecord(at: cursor.position, byteCount: room, lostInFront: lost) {
          open.requester.answer(
            parameters, Answer(information: room, recordCount: 1), .records($0))
        }
      }
      switch outcome {
      case .taken:
        cursor.consume(batch)
        return .taken(information: min(frameByteCount, room))
      case .blocked: return .blocked
      case .tooLong(let limit):
        guard open.limitDelivery(limit, below: batch.byteCount) else {
          return .refused(.noMemory, bytesNeeded: batch.byteCount)
        }
      }
    }
  }
}

extension OpenContext {
  /// The loss count for the record at the cursor.
  fileprivate func lossesToTell(_ cursor: ReceiveCursor) -> UInt32 {
    options.tellsLosses ? UInt32(clamping: cursor.tally.lostInFront) : 0
  }

  /// The client's socket does not take a message of this length: the next ones are shorter.
  ///
  /// - Returns: false if not even a cut frame would fit
  fileprivate func limitDelivery(_ limit: Int, below byteCount: Int) -> Bool {
    // Whole granules, and less than what was refused, so that a loop of retries ends.
    deliveryByteLimit = max(0, min(limit, byteCount - 8, deliveryByteLimit - 8)) & ~7
    return deliveryByteLimit >= FrameRecord.headerByteCount + FrameRecord.alignment
  }
}

extension ReceiveRing {
  /// Passes slices as a chain, in the order of collection.
  ///
  /// All readers share the ring, so the losses of one of them go into a copy of the first header.
  borrowing func withChain<R>(
    _ slices: RingSlices, lostInFront lost: UInt32 = 0, _ body: (MDLChain) -> R
  ) -> R {
    if lost > 0, slices.count > 0 { return withMarkedChain(slices, lost, body) }
    var builder = MDLChainBuilder<62>()
    for index in 0..<slices.count {
      let range = slices.ranges[index]
      // A builder with room for as many segments as there are slices cannot be full.
      try? builder.append(bytes(range))
    }
    return body(builder.chain)
  }

  private borrowing func withMarkedChain<R>(
    _ slices: RingSlices, _ lost: UInt32, _ body: (MDLChain) -> R
  ) -> R {
    let header = slices.ranges[0].lowerBound
    let words: InlineArray<3, UInt64> = [
      granule(at: header), granule(at: header &+ 8),
      granule(at: header &+ 16) | UInt64(lost) << 32,
    ]
    let headerSpan = words.span
    var builder = MDLChainBuilder<63>()
    try? builder.append(unsafe headerSpan.bytes)
    var headerLeft = FrameRecord.headerByteCount
    for index in 0..<slices.count {
      let range = slices.ranges[index]
      let skipped = min(headerLeft, range.count)
      headerLeft &-= skipped
      guard skipped < range.count else { continue }
      try? builder.append(bytes(range.lowerBound &+ skipped..<range.upperBound))
    }
    return body(builder.chain)
  }

  /// Passes one record with its frame cut to `byteCount`, and a matching header.
  borrowing func withCutRecord<R>(
    at position: Int, byteCount: Int, lostInFront lost: UInt32, _ body: (MDLChain) -> R
  ) -> R {
    let flags = self.flags(at: position).union(.truncated)
    let lengths = granule(at: position)
    let words: InlineArray<3, UInt64> = [
      UInt64(UInt32(truncatingIfNeeded: byteCount)) | lengths & 0xFFFF_FFFF_0000_0000,
      granule(at: position &+ 8), UInt64(flags.rawValue) | UInt64(lost) << 32,
    ]
    let zero: InlineArray<1, UInt64> = [0]
    var slices = RingSlices()
    let frame = position &+ FrameRecord.headerByteCount
    slices.append(self, from: frame, to: frame &+ byteCount)
    var builder = MDLChainBuilder<4>()
    let headerSpan = words.span
    let zeroSpan = zero.span
    try? builder.append(unsafe headerSpan.bytes)
    for index in 0..<slices.count { try? builder.append(bytes(slices.ranges[index])) }
    let padding =
      FrameRecord.byteCount(ofFrame: byteCount) &- FrameRecord.headerByteCount
      &- byteCount
    if padding > 0 { try? builder.append(unsafe zeroSpan.bytes.extracting(first: padding)) }
    return body(builder.chain)
  }

  /// The bytes between two positions that do not wrap in memory.
  @_lifetime(borrow self)
  borrowing func bytes(_ range: Range<Int>) -> RawSpan {
    let start = range.lowerBound & (capacity &- 1)
    return unsafe _overrideLifetime(
      RawSpan(_unsafeStart: UnsafeRawPointer(base + start), byteCount: range.count),
      borrowing: self)
  }
}
