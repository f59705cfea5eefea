public import NDIS
public import WDF

// Opening and closing: ndisprotOpenDevice and NdisprotCleanup of the sample.

extension OpenContext {
  /// Makes an open on a binding; `dataPath` is nil for one that moves no frames.
  ///
  /// The session is associated only when everything is made (D-27); a failure leaves no trace.
  /// - Thread: the loop that has the session
  public static func open(
    _ options: OpenOptions, on binding: AdapterBinding, dataPath: BindingDataPath?,
    file: Ref<FileObject>, client: Credentials, requester: any Requester
  ) throws(BindingError) -> OpenContext {
    let id = try binding.claim(options)
    do throws(BindingError) {
      let queue = try makeReadQueue(file)
      let open = OpenContext(
        id: id, options: options, binding: binding, file: file, client: client,
        readQueue: queue, requester: requester)
      if let dataPath {
        do throws(BindingError) {
          try dataPath.add(open)
        } catch {
          _ = try? queue.delete()
          throw error
        }
        open.dataPath = dataPath
      }
      return open
    } catch {
      binding.release(id)
      throw error
    }
  }

  private static func makeReadQueue(_ file: Ref<FileObject>) throws(BindingError) -> Ref<Queue> {
    do throws(WdfError) {
      guard let device = file.device else { throw WdfError(.objectDestroyed) }
      return try device.makeQueue(
        "reads", QueueConfiguration(.manual, cancelStatus: RequestStatus(.cancelled)))
    } catch {
      throw .noMemory
    }
  }

  /// Ends the open: reads and writes complete, then the binding is free for others (D-26).
  ///
  /// - Thread: the loop that has the session
  public func close(_ status: CompletionStatus = .cancelled) {
    let writeStatus = status == .cancelled ? CompletionStatus.sendCancelled : status
    if let dataPath, !isDead {
      dataPath.cancelWrites(of: self, status: writeStatus)
      dataPath.cancelReads(of: self, status: status)
      dataPath.remove(self)
    }
    markDead()
    _ = try? readQueue.delete()
    binding.release(id)
  }

  /// Takes a read, or refuses it (rules R-1…R-9).
  public func read(_ request: consuming OwnedRequest) {
    guard let dataPath, !isDead, binding.snapshot.isActive else {
      request.complete(RequestStatus(movesFrames ? .bindingGone : .notAssociated))
      return
    }
    guard request.parameters.outputByteCount > 0 else {
      request.complete(RequestStatus(.invalidParameter))
      return
    }
    guard readQueue.count < OpenContext.maximumPendedReads else {
      request.complete(RequestStatus(.tooManyRequests))
      return
    }
    switch request.forward(to: readQueue) {
    case .accepted: dataPath.serveReads(of: self)
    case .refused(let request, _): request.complete(RequestStatus(.bindingGone))
    }
  }

  /// Reads an open may have pended (D-47).
  static let maximumPendedReads = 256

  /// Takes a write of records that lie inside the message (rules W-1…W-13).
  public func write(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int
  ) {
    guard let dataPath, !isDead else {
      request.complete(RequestStatus(movesFrames ? .bindingGone : .notAssociated))
      return
    }
    dataPath.write(
      request, message: message, payloadOffset: payloadOffset, recordCount: recordCount,
      of: self)
  }

  /// Cancels a read or a write; false if none with this id is pended here.
  public func cancel(_ id: UInt64) -> Bool {
    if let dataPath, dataPath.cancelWrite(id, of: self) { return true }
    return file.cancel(requestID: id) == .completed
  }

  /// The client's socket has room again.
  public func resume() {
    isDeliveryBlocked = false
    dataPath?.serveReads(of: self)
  }
}
