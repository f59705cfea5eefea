/// How fill and copy store their bytes.
public enum MDLStoring: Sendable {
  /// Ordinary stores.
  case cached
  /// The counterpart of the …NonTemporal routines, with ordinary stores.
  ///
  /// Streaming stores were measured 1.3 to 43 times slower below 1 MiB, and the reader of a frame
  /// needs it in the cache; the name exists so that ported code reads the same.
  case nonTemporal
}

/// How zeroing stores its bytes.
public enum MDLZeroing: Sendable {
  /// Ordinary stores; the compiler may drop them if the bytes are never read again.
  case cached
  /// The counterpart of the …NonTemporal routines, with ordinary stores (see `MDLStoring`).
  case nonTemporal
  /// `explicit_bzero`: the bytes are zero in memory even if they are never read again.
  case secure
}
