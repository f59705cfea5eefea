/// One OID request, and the byte counts of its answer.
///
/// A kind has only the counts that apply to it; there are no other kinds. The client receives the
/// counts in `information` and `bytesNeeded`.
///
/// - Windows: NDIS_OID_REQUEST, NdisRequestQueryInformation, SetInformation, Method
/// - Source: `MDL.docc/Rules.md` section 2.7 (O1)
public enum OIDRequest: Hashable, Sendable {
  /// Queries a value.
  case query(Query)
  /// Changes a value.
  case set(Set)
  /// Passes a value in and gets one back.
  case method(Method)

  /// The parameters and results of a query.
  public struct Query: Hashable, Sendable {
    /// The property.
    public let oid: OID
    /// The room for the value, in bytes.
    public let room: Int
    /// Bytes of the value that were returned.
    public var bytesWritten = 0
    /// The room that would have been needed; 0 if more would not have helped.
    public var bytesNeeded = 0

    /// Creates a query without an answer.
    public init(_ oid: OID, room: Int) {
      self.oid = oid
      self.room = room
    }
  }

  /// The parameters and results of a set.
  public struct Set: Hashable, Sendable {
    /// The property.
    public let oid: OID
    /// The new value.
    public let value: [UInt8]
    /// Bytes of the value that were used.
    public var bytesRead = 0
    /// The length that the value should have had; 0 if it was right.
    public var bytesNeeded = 0

    /// Creates a set without an answer.
    public init(_ oid: OID, value: [UInt8]) {
      self.oid = oid
      self.value = value
    }
  }

  /// The parameters and results of a method.
  public struct Method: Hashable, Sendable {
    /// The property.
    public let oid: OID
    /// The input.
    public let value: [UInt8]
    /// The room for the output, in bytes.
    public let room: Int
    /// Bytes of the input that were used.
    public var bytesRead = 0
    /// Bytes of output.
    public var bytesWritten = 0
    /// The room, or the input, that would have been needed.
    public var bytesNeeded = 0

    /// Creates a method without an answer.
    public init(_ oid: OID, value: [UInt8], room: Int) {
      self.oid = oid
      self.value = value
      self.room = room
    }
  }

  /// The property.
  public var oid: OID {
    switch self {
    case .query(let query): query.oid
    case .set(let set): set.oid
    case .method(let method): method.oid
    }
  }
}

// MARK: - Byte counts

extension OIDRequest {
  /// Bytes of the value that were returned; 0 for a set.
  public var bytesWritten: Int {
    switch self {
    case .query(let query): query.bytesWritten
    case .set: 0
    case .method(let method): method.bytesWritten
    }
  }

  /// Bytes of the value that were used; 0 for a query.
  public var bytesRead: Int {
    switch self {
    case .query: 0
    case .set(let set): set.bytesRead
    case .method(let method): method.bytesRead
    }
  }

  /// Bytes that would have been needed, 0 if nothing was missing.
  public var bytesNeeded: Int {
    switch self {
    case .query(let query): query.bytesNeeded
    case .set(let set): set.bytesNeeded
    case .method(let method): method.bytesNeeded
    }
  }

  /// Sets the counts of an answer; those that do not apply to this kind are dropped.
  public mutating func setLengths(written: Int = 0, read: Int = 0, needed: Int = 0) {
    switch self {
    case .query(var query):
      query.bytesWritten = written
      query.bytesNeeded = needed
      self = .query(query)
    case .set(var set):
      set.bytesRead = read
      set.bytesNeeded = needed
      self = .set(set)
    case .method(var method):
      method.bytesWritten = written
      method.bytesRead = read
      method.bytesNeeded = needed
      self = .method(method)
    }
  }

  /// Clears the counts: the request is about to be answered again.
  ///
  /// - Windows: NdisClearOidRequestLengths
  public mutating func resetLengths() { setLengths() }

  /// Copies the counts of a request that was answered in place of this one.
  ///
  /// From a request of another kind, the counts that both kinds have; the others become 0.
  /// - Windows: NdisCopyOidRequestLengths
  public mutating func takeLengths(from other: OIDRequest) {
    setLengths(
      written: other.bytesWritten, read: other.bytesRead, needed: other.bytesNeeded)
  }
}
