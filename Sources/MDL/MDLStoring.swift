/// How fill and copy store their bytes.
public enum MDLStoring: Sendable {
  /// Ordinary stores.
  case cached
  /// The spelling of the …NonTemporal routines, with ordinary stores.
  ///
  /// Streaming stores were measured 1.3 to 43 times slower below 1 MiB, and a frame's reader wants
  /// it in the cache; the name stays so that ported code reads the same.
  case nonTemporal
}

/// How zeroing stores its bytes.
public enum MDLZeroing: Sendable {
  /// Ordinary stores; the compiler may drop them when nobody reads the bytes again.
  case cached
  /// The spelling of the …NonTemporal routines, with ordinary stores (see `MDLStoring`).
  case nonTemporal
  /// `explicit_bzero`: the bytes are zero in memory even if nobody reads them again.
  case secure
}
