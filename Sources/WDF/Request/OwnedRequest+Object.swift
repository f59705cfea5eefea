extension OwnedRequest {
  /// The object that carries this request's contexts and children; created on first use.
  ///
  /// It has no parent. Its cleanups run before the completion is reported, its destroys after.
  /// - Windows: WDFREQUEST as a WDFOBJECT
  public func object(
    fileID: StaticString = #fileID, line: UInt = #line
  ) throws(WdfError) -> Ref<Request> {
    guard let core = requestCore else { throw WdfError(.invalidRequest) }
    return try Ref(
      core.object { () throws(WdfError) in
        let birth = ObjectCreation(
          kind: .request, name: "request \(core.parameters.id)", payload: .none, parent: nil,
          isPassive: false, site: CreationSite(fileID, line))
        return try core.framework.create(birth, nil)
      })
  }

  /// Adds a context to the request.
  ///
  /// - Throws: `.contextExists`, what `make` throws
  /// - Windows: WdfObjectAllocateContext
  public func addContext<C: ~Copyable & Sendable>(
    _ context: Context<Request, C>
  ) throws(WdfError) {
    try object().addContext(context)
  }

  /// Passes a context of the request to `body`.
  ///
  /// - Throws: `.contextMissing`
  public func withContext<C: ~Copyable & Sendable, R: ~Copyable>(
    _ type: C.Type, _ body: (borrowing C) throws(WdfError) -> R
  ) throws(WdfError) -> R {
    guard let object = requestCore?.object else { throw WdfError(.contextMissing) }
    return try object.withContext(type, body)
  }

  /// ``withContext(_:_:)`` for a body with its own error type.
  public func withContext<C: ~Copyable & Sendable, R: ~Copyable, E: Error>(
    _ type: C.Type, _ body: (borrowing C) throws(E) -> R
  ) throws -> R {
    guard let object = requestCore?.object else { throw WdfError(.contextMissing) }
    return try object.withContext(type, body)
  }
}

extension Ref where Kind == Driver {
  /// Creates a request of the driver's own, owned by the driver; it can be put into any queue.
  ///
  /// Instead of blocking for an answer, wait in a queue: the request completes when the answer
  /// arrives, when it is cancelled, or when its queue is purged.
  /// - Windows: WdfRequestCreate
  public func makeRequest(
    _ parameters: RequestParameters, sink: any RequestSink
  ) throws(WdfError) -> OwnedRequest {
    guard core.word.phase == .live else { throw core.error(core.word.phase.refusal) }
    return OwnedRequest(
      RequestCore(parameters, sink, core.framework, file: nil, sequence: 0, isPresented: true))
  }
}
