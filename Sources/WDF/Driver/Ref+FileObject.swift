extension Ref where Kind == FileObject {
  private var file: FileCore {
    get throws(WdfError) {
      guard case .file(let file) = core.payload else { throw core.error(.wrongType) }
      return file
    }
  }

  /// Creates a request of this client, owned by the driver.
  ///
  /// It keeps the file object until it is completed.
  /// - Throws: `.deletePending` once ``close()`` began, `.requestPending` if the identifier is in use
  /// - Complexity: O(1), one allocation
  public func makeRequest(
    _ parameters: RequestParameters, sink: any RequestSink
  ) throws(WdfError) -> OwnedRequest {
    OwnedRequest(try file.makeRequest(core, parameters, sink, isPresented: true))
  }

  /// Sends a request that the driver has not seen to a queue, or to the default queue of the
  /// device.
  ///
  /// It is completed if the queue does not accept it: there is always exactly one completion.
  /// - Throws: as `makeRequest`
  /// - Windows: what the I/O manager does with ReadFile, WriteFile, DeviceIoControl
  public func submit(
    _ parameters: RequestParameters, sink: any RequestSink, to queue: Ref<Queue>? = nil
  ) throws(WdfError) {
    let request = try file.makeRequest(core, parameters, sink, isPresented: false)
    guard let target = queue?.core ?? core.defaultQueue, case .queue(let queue) = target.payload
    else {
      request.complete(.invalidDeviceRequest, information: 0, bytesNeeded: 0)
      return
    }
    if queue.take(request, forwardedTo: target) != nil {
      request.complete(.invalidDeviceState, information: 0, bytesNeeded: 0)
    }
  }

  /// Whether a request with this identifier is not completed yet.
  public func isPending(_ id: UInt64) -> Bool { (try? file.request(id)) != nil }

  /// Cancels a request by the client's identifier.
  ///
  /// - Windows: CancelIoEx
  public func cancel(requestID: UInt64) -> CancelOutcome {
    guard let request = try? file.request(requestID) else { return .notFound }
    return request.cancel()
  }

  /// The number of requests that are not completed.
  public var pendingCount: Int { (try? file.pendingCount) ?? 0 }

  /// The client's handle is closed.
  ///
  /// The cleanup callback runs; then its queued requests are cancelled, then those marked
  /// cancelable. When the last of its requests is complete, the close callback runs and the object
  /// is deleted: here, or on the thread that completes the request. Closing twice does nothing.
  /// - Windows: IRP_MJ_CLEANUP, IRP_MJ_CLOSE
  public func close() {
    guard let file = try? file else { return }
    file.close(core)
  }
}
