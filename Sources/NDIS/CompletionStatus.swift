/// How a request or a frame ended: the triple that every reply carries.
///
/// Success is `errno == 0`, never a severity bit: STATUS_TIMEOUT has success severity (rule Q-7).
///
/// - Shape: 12 bytes on the control channel: `[NTSTATUS u32][NDIS_STATUS u32][errno u32]`
/// - Source: `NDIS.docc/Statuses.md`
public struct CompletionStatus: Hashable, Sendable {
  /// What the sample would have completed the request with.
  public var ntStatus: NTStatus
  /// The status of the adapter or the binding.
  public var ndisStatus: NDISStatus
  /// The Linux error number; 0 is success.
  public var errno: Int32

  /// Makes a triple.
  public init(_ ntStatus: NTStatus, _ ndisStatus: NDISStatus, _ errno: Int32) {
    self.ntStatus = ntStatus
    self.ndisStatus = ndisStatus
    self.errno = errno
  }

  /// Whether the request succeeded.
  public var isSuccess: Bool { errno == 0 }

  /// The name of this row of the table, `failed` for a triple that is not in the table.
  public var name: String {
    for row in CompletionStatus.table where row.status == self { return row.name }
    return isSuccess ? "success" : "failed"
  }
}
