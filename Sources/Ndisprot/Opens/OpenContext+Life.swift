internal import NDIS
public import WDF

// Opening and closing: ndisprotOpenDevice and NdisprotCleanup of the sample.

extension OpenContext {
  /// Creates an open on a binding; `dataPath` is nil for an open that moves no frames.
  ///
  /// The session is associated only after everything is created (D-27); a failure leaves no trace.
  ///
  /// - Parameters:
  ///   - options: what the client wants, as granted
  ///   - binding: the binding to open
  ///   - dataPath: the path of its frames
  ///   - file: the session's file object
  ///   - client: the client that opens it
  ///   - access: its rights
  ///   - requester: receives the frames
  ///   - completion: called once, possibly before this returns: a capture handle may have to be
  ///     opened first
  /// - Thread: the loop that has the session
  public static func open(
    _ options: OpenOptions, on binding: AdapterBinding, dataPath: BindingDataPath?,
    file: Ref<FileObject>, client: Credentials, access: AccessGrant, requester: any RequestClient,
    completion: @escaping (Result<OpenContext, BindingError>) -> Void
  ) {
    let open: OpenContext
    do throws(BindingError) {
      open = try claim(options, binding, file, client, access, requester)
    } catch {
      return completion(.failure(error))
    }
    guard let dataPath else { return completion(.success(open)) }
    open.dataPath = dataPath
    dataPath.add(open) { error in
      guard let error else { return completion(.success(open)) }
      // One that ended while it waited is closed already, and hears of its wait from in there.
      if open.dataPath != nil { open.close() }
      completion(.failure(error))
    }
  }

  private static func claim(
    _ options: OpenOptions, _ binding: AdapterBinding, _ file: Ref<FileObject>,
    _ client: Credentials, _ access: AccessGrant, _ requester: any RequestClient
  ) throws(BindingError) -> OpenContext {
    let id = try binding.claim(options)
    do throws(WdfError) {
      return try make(id, options, binding, file, client, access, requester)
    } catch {
      binding.release(id)
      throw error.code == .outOfResources ? .noMemory : .adapterNotFound
    }
  }

  /// The objects of an open: the open below the file object, its queue below the open, the hold.
  private static func make(
    _ id: UInt64, _ options: OpenOptions, _ binding: AdapterBinding, _ file: Ref<FileObject>,
    _ client: Credentials, _ access: AccessGrant, _ requester: any RequestClient
  ) throws(WdfError) -> OpenContext {
    let name = "open \(id) of \(binding.snapshot.attributes.name)"
    let hold = try binding.object.hold("\(name), \(file.name)")
    let object = try file.makeChild(name)
    do throws(WdfError) {
      let queue = try object.makeQueue(
        "reads", QueueConfiguration(.manual, cancelStatus: RequestStatus(.cancelled)))
      let open = OpenContext(
        id: id, options: options, binding: binding, bindingHold: hold, object: object, file: file,
        client: client, access: access, readQueue: queue, requester: requester)
      try object.addContext(
        Context(
          make: { _ in open }, onCleanup: { _, open in open.end() },
          onDestroy: { _, open in open.releaseBinding() }))
      return open
    } catch {
      _ = try? object.delete()
      throw error
    }
  }

  /// Ends the open: reads and writes complete, then the binding is free for other opens (D-26).
  ///
  /// Closing twice does nothing. A request that was retrieved and is not completed yet delays the
  /// open's end, which then comes on a thread of the framework. A loop holds a request only while
  /// it completes a read, so an open must not be closed from within the completion of one of its
  /// reads.
  /// - Thread: the loop that has the session
  public func close() { _ = try? object.delete() }

  /// The cleanup: the reads were cancelled with their queue, which is a child object.
  private func end() {
    if let dataPath = dataPath.take(), !isDead { dataPath.remove(self) }
    binding.release(id)
  }

  /// Takes a read, or refuses it (rules R-1…R-9).
  public func read(_ request: consuming OwnedRequest) {
    guard let dataPath, !isDead, binding.isActive else {
      request.complete(RequestStatus(movesFrames ? .bindingGone : .notAssociated))
      return
    }
    guard filter.access.rights.contains(.read) else {
      requester.refused(filter.access.refusal(ofAnyOf: .read), of: request.parameters)
      request.complete(RequestStatus(.notPermitted))
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
    dataPath.receivePath.trim(self)
    switch request.forward(to: readQueue) {
    case .accepted:
      hasRead = true
      dataPath.receivePath.serve(self)
    case .refused(let request, _): request.complete(RequestStatus(.bindingGone))
    }
  }

  /// The most reads an open may have pended (D-47).
  static let maximumPendedReads = 256

  /// Takes a write whose records lie inside the message (rules W-1…W-13).
  public func write(
    _ request: consuming OwnedRequest, message: MessageBuffer, payloadOffset: Int,
    recordCount: Int
  ) {
    guard let dataPath, !isDead else {
      request.complete(RequestStatus(movesFrames ? .bindingGone : .notAssociated))
      return
    }
    dataPath.transmitQueue.write(
      request, message: message, payloadOffset: payloadOffset, recordCount: recordCount,
      of: self)
  }

  /// Cancels a read or a write; false if none with this id is pended here.
  public func cancel(_ id: UInt64) -> Bool {
    if let dataPath, dataPath.transmitQueue.cancelWrite(id, of: self) { return true }
    return file.cancel(requestID: id) == .completed
  }

  /// The client's socket has room again.
  public func resume() {
    isDeliveryBlocked = false
    dataPath?.receivePath.serve(self)
  }
}
