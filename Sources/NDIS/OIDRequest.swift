/// One OID request, and the byte counts that its answer fills in.
///
/// A kind has just the counts that mean something for it; there are no other kinds. The counts are
/// what the client hears in `information` and `bytesNeeded`.
///
/// - Windows: NDIS_OID_REQUEST, NdisRequestQueryInformation, SetInformation, Method
/// - Source: `MDL.docc/Rules.md` section 2.7 (O1)
public enum OIDRequest: Hashable, Sendable {
  /// Asks for a value.
  case query(Query)
  /// Changes a value.
  case set(Set)
  /// Hands in a value and takes one back.
  case method(Method)

  /// What a query says and is told.
  public struct Query: Hashable, Sendable {
    /// The property.
    public let oid: OID
    /// Bytes of value that the asker has room for.
    public let room: Int
    /// Bytes of value it got.
    public var bytesWritten = 0
    /// Bytes of room it would have taken; 0 if more would not have helped.
    public var bytesNeeded = 0

    /// Makes a query that was not answered yet.
    public init(_ oid: OID, room: Int) {
      self.oid = oid
      self.room = room
    }
  }

  /// What a set says and is told.
  public struct Set: Hashable, Sendable {
    /// The property.
    public let oid: OID
    /// The new value.
    public let value: [UInt8]
    /// Bytes of the value that were used.
    public var bytesRead = 0
    /// Bytes that the value should have had; 0 if its length was right.
    public var bytesNeeded = 0

    /// Makes a set that was not answered yet.
    public init(_ oid: OID, value: [UInt8]) {
      self.oid = oid
      self.value = value
    }
  }

  /// What a method says and is told.
  public struct Method: Hashable, Sendable {
    /// The property.
    public let oid: OID
    /// What is handed in.
    public let value: [UInt8]
    /// Bytes of value that the asker has room for.
    public let room: Int
    /// Bytes of the input that were used.
    public var bytesRead = 0
    /// Bytes of output there are.
    public var bytesWritten = 0
    /// Bytes of room, or of input, it would have taken.
    public var bytesNeeded = 0

    /// Makes a method that was not answered yet.
    public init(_ oid: OID, value: [UInt8], room: Int) {
      self.oid = oid
      self.value = value
      self.room = room
    }
  }

  /// The property it is about.
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
  /// Bytes of value that went out; 0 for a set, which has none.
  public var bytesWritten: Int {
    switch self {
    case .query(let query): query.bytesWritten
    case .set: 0
    case .method(let method): method.bytesWritten
    }
  }

  /// Bytes of value that were used; 0 for a query, which has none.
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

  /// Notes the counts of an answer; those that this kind does not have are dropped.
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

  /// Forgets the counts: the request is about to be answered again.
  ///
  /// - Windows: NdisClearOidRequestLengths
  public mutating func resetLengths() { setLengths() }

  /// Takes the counts of the request that was answered in its place.
  ///
  /// Of one of another kind, the counts that both kinds have; its others are 0 here.
  /// - Windows: NdisCopyOidRequestLengths
  public mutating func takeLengths(from other: OIDRequest) {
    setLengths(
      written: other.bytesWritten, read: other.bytesRead, needed: other.bytesNeeded)
  }
}
