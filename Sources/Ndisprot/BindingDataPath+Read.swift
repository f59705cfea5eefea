internal import MDL
internal import NDIS
internal import WDF

// Reads: recv.c of the sample. A read waits in its open's queue until the cursor finds a frame.

extension BindingDataPath {
  /// Answers every pended read for which frames are there.
  ///
  /// - Parameter mayWait: more frames follow at once, so that a message that is not full can wait
  func serveReads(mayWait: Bool = false) {
    hot.value.unserved = 0
    let came = hot.value.ring.history.sketch
    let (opens, sketches) = (self.opens, self.sketches)
    // Side by side: of those that want something else nothing but a word is touched.
    for index in sketches.indices where sketches[index].meets(came) {
      serveReads(of: opens[index], mayWait: mayWait)
    }
    if !mayWait { hot.value.ring.readersServed() }
  }

  /// Answers a new read, unless more frames follow at once.
  func serveRead(of open: OpenContext) {
    serveReads(of: open, mayWait: hot.value.isAmongChunks)
  }

  /// Answers the reads of one open, oldest first, until frames, reads or the socket end.
  private func serveReads(of open: OpenContext, mayWait: Bool) {
    guard let window = open.cursor?.windowByteCount else { return }
    // Never so much that it would be given up, or that frames would be held for this open.
    let byteCount = mayWait ? min(BindingDataPath.serveThreshold, window / 4) : 0
    while !open.isDeliveryBlocked, open.hasPendedReads {
      guard hot.value.ring.tail &- (open.cursor?.position ?? 0) >= byteCount else {
        return
      }
      guard open.cursor?.hasFrames(hot.value.ring, open.filter) == true else { return }
      guard let request = (try? open.readQueue.retrieveNext()) ?? nil else { return }
      serve(request, of: open)
    }
  }

  private func serve(_ request: consuming OwnedRequest, of open: OpenContext) {
    let parameters = request.parameters
    let outcome =
      parameters.isBatch
      ? deliverBatch(to: open, parameters) : deliverOne(to: open, parameters)
    switch outcome {
    case .taken(let information):
      open.behindSince = 0
      open.isReading = true
      note(.receive, "deliver", open, Int(truncatingIfNeeded: parameters.id), information)
      request.complete(RequestStatus(.success), information: information)
    case .blocked:
      open.isDeliveryBlocked = true
      note(.receive, "blocked", open, Int(truncatingIfNeeded: parameters.id))
      // A request that cannot go back was cancelled or purged meanwhile, and is completed.
      _ = request.requeue()
    case .refused(let status, let bytesNeeded):
      note(.receive, "refuse", open, Int(truncatingIfNeeded: parameters.id), bytesNeeded)
      request.complete(RequestStatus(status), information: 0, bytesNeeded: bytesNeeded)
    }
  }

  private enum Delivery {
    case taken(information: Int)
    case blocked
    case refused(CompletionStatus, bytesNeeded: Int)
  }

  /// READ_BATCH: as many whole records as fit, as they lie in the ring.
  private func deliverBatch(to open: OpenContext, _ parameters: RequestParameters) -> Delivery {
    guard var cursor = open.cursor else { return .refused(.bindingGone, bytesNeeded: 0) }
    var slices = RingSlices()
    let batch = cursor.gather(
      hot.value.ring, open.filter, byteLimit: parameters.outputByteCount,
      recordLimit: parameters.count == 0 ? .max : Int(parameters.count), into: &slices)
    guard batch.recordCount > 0 else {
      open.cursor = cursor
      let needed = FrameRecord.byteCount(
        ofFrame: hot.value.ring.frameByteCount(at: cursor.position))
      return .refused(.bufferTooSmall, bytesNeeded: needed)
    }
    let isTaken = hot.value.ring.withChain(slices) { chain in
      open.requester.deliver(
        chain, recordCount: batch.recordCount, information: batch.byteCount, for: parameters)
    }
    if isTaken { cursor.consume(batch) }
    open.cursor = cursor
    return isTaken ? .taken(information: batch.byteCount) : .blocked
  }

  /// READ: one record, cut to the room the client gave (R-11, R-12, D-4).
  private func deliverOne(to open: OpenContext, _ parameters: RequestParameters) -> Delivery {
    guard var cursor = open.cursor else { return .refused(.bindingGone, bytesNeeded: 0) }
    var slices = RingSlices()
    let batch = cursor.gather(
      hot.value.ring, open.filter, byteLimit: .max, recordLimit: 1, into: &slices)
    let room = parameters.outputByteCount
    let frameByteCount = hot.value.ring.frameByteCount(at: cursor.position)
    let isTaken: Bool
    if frameByteCount <= room {
      isTaken = hot.value.ring.withChain(slices) { chain in
        open.requester.deliver(
          chain, recordCount: 1, information: frameByteCount, for: parameters)
      }
    } else if open.options.flags.contains(.failOnTruncation) {
      open.cursor = cursor
      return .refused(.messageTooLong, bytesNeeded: frameByteCount)
    } else {
      isTaken = hot.value.ring.withCutRecord(at: cursor.position, byteCount: room) {
        open.requester.deliver($0, recordCount: 1, information: room, for: parameters)
      }
    }
    if isTaken { cursor.consume(batch) }
    open.cursor = cursor
    return isTaken ? .taken(information: min(frameByteCount, room)) : .blocked
  }

  /// Completes every pended read of an open.
  func cancelReads(of open: OpenContext, status: CompletionStatus) {
    while let request = (try? open.readQueue.retrieveNext()) ?? nil {
      request.complete(RequestStatus(status))
    }
  }
}

extension OpenContext {
  /// Whether a read waits.
  var hasPendedReads: Bool { readQueue.count > 0 }
}

extension ReceiveRing {
  /// Lends slices as a chain, in the order they were collected.
  borrowing func withChain<R>(_ slices: RingSlices, _ body: (MDLChain) -> R) -> R {
    var builder = MDLChainBuilder<62>()
    for index in 0..<slices.count {
      let range = slices.ranges[index]
      // A builder that holds as many segments as there are slices cannot be full.
      try? builder.append(bytes(range))
    }
    return body(builder.chain)
  }

  /// Lends one record with its frame cut to `byteCount`, and a header that says so.
  borrowing func withCutRecord<R>(
    at position: Int, byteCount: Int, _ body: (MDLChain) -> R
  ) -> R {
    let flags = self.flags(at: position).union(.truncated)
    let lengths = granule(at: position)
    let words: InlineArray<3, UInt64> = [
      UInt64(UInt32(truncatingIfNeeded: byteCount)) | lengths & 0xFFFF_FFFF_0000_0000,
      granule(at: position &+ 8), UInt64(flags.rawValue),
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
