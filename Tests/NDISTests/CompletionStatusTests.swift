import Glibc
import NDIS
import Testing

/// The triples of `ndisprotd.docc/Architecture.md` section 7 and `NDIS.docc/Statuses.md`, in
/// numbers.
@Suite("CompletionStatus")
struct CompletionStatusTests {
  /// A row in numbers: what goes over the control channel.
  struct Row: Sendable, CustomTestStringConvertible {
    let status: CompletionStatus
    let ntStatus: UInt32
    let ndisStatus: UInt32
    let errno: Int32
    let name: String

    init(
      _ status: CompletionStatus, _ ntStatus: UInt32, _ ndisStatus: UInt32, _ errno: Int32,
      _ name: String
    ) {
      self.status = status
      self.ntStatus = ntStatus
      self.ndisStatus = ndisStatus
      self.errno = errno
      self.name = name
    }

    var testDescription: String { name }
  }

  private static let rows: [Row] = [
    Row(.success, 0, 0, 0, "success"),
    Row(.notPermitted, 0xC000_0022, 0xC000_0001, EACCES, "notPermitted"),
    Row(.tooManyRequests, 0xC000_0044, 0xC000_009A, EDQUOT, "tooManyRequests"),
    Row(.rateExceeded, 0xC000_0044, 0xC000_009A, EAGAIN, "rateExceeded"),
    Row(.tooManySessions, 0xC000_00CE, 0xC000_009A, EUSERS, "tooManySessions"),
    Row(.noMemory, 0xC000_009A, 0xC000_009A, ENOMEM, "noMemory"),
    Row(.adapterNotFound, 0xC000_0034, 0xC001_0006, ENODEV, "adapterNotFound"),
    Row(.busy, 0x8000_0011, 0xC000_0001, EBUSY, "busy"),
    Row(.notReady, 0xC000_00A3, 0xC001_0011, ENETDOWN, "notReady"),
    Row(.unsupportedMedium, 0xC000_0001, 0xC001_0019, EAFNOSUPPORT, "unsupportedMedium"),
    Row(.invalidParameter, 0xC000_000D, 0xC001_0015, EINVAL, "invalidParameter"),
    Row(.invalidRequest, 0xC000_0010, 0xC000_0001, EINVAL, "invalidRequest"),
    Row(.notSupported, 0xC000_00BB, 0xC000_00BB, EOPNOTSUPP, "notSupported"),
    Row(.bufferTooSmall, 0xC000_0023, 0xC001_0016, ENOBUFS, "bufferTooSmall"),
    Row(.partialData, 0x8000_0005, 0x8000_0005, EOVERFLOW, "partialData"),
    Row(.timedOut, 0x0000_0102, 0xC000_0001, ETIMEDOUT, "timedOut"),
    Row(.noMoreEntries, 0x8000_001A, 0xC001_0006, ENOENT, "noMoreEntries"),
    Row(.cancelled, 0xC000_0120, 0xC001_000C, ECANCELED, "cancelled"),
    Row(.sendCancelled, 0xC000_0120, 0xC023_000C, ECANCELED, "cancelled"),
    Row(.adapterRemoved, 0xC000_0120, 0xC001_0018, ENODEV, "adapterRemoved"),
    Row(.restarted, 0xC000_020D, 0xC000_0001, ECONNRESET, "restarted"),
    Row(.notAssociated, 0xC000_0008, 0xC000_0001, EBADF, "notAssociated"),
    Row(.bindingGone, 0xC000_0008, 0xC001_0018, ENODEV, "bindingGone"),
    Row(.notConnected, 0xC000_009D, 0xC000_0001, ENOTCONN, "notConnected"),
    Row(.notBound, 0xC000_0001, 0xC001_0018, ENODEV, "notBound"),
    Row(.frameTooShort, 0xC000_0023, 0xC001_0014, EINVAL, "frameTooShort"),
    Row(.frameTooLong, 0xC000_0206, 0xC001_0014, EMSGSIZE, "frameTooLong"),
    Row(.etherTypeMismatch, 0xC000_000D, 0xC001_0015, EPROTOTYPE, "etherTypeMismatch"),
    Row(.sourceMismatch, 0xC000_000D, 0xC001_0015, EPERM, "sourceMismatch"),
    Row(.messageTooLong, 0x8000_0005, 0x8000_0005, EMSGSIZE, "messageTooLong"),
    Row(.paused, 0xC000_0001, 0xC023_002A, EBUSY, "paused"),
    Row(.lowPower, 0xC000_0001, 0xC023_002F, ENETDOWN, "lowPower"),
    Row(.linkDown, 0xC000_0001, 0xC023_001F, ENOLINK, "linkDown"),
    Row(.invalidLength, 0xC000_0206, 0xC001_0014, EINVAL, "invalidLength"),
    Row(.multicastFull, 0xC000_0001, 0xC001_0009, ENOSPC, "multicastFull"),
    Row(.invalidPort, 0xC000_0001, 0xC023_002D, EINVAL, "invalidPort"),
  ]

  @Test("each case has the three codes of the specification", arguments: rows)
  func codes(_ row: Row) {
    #expect(row.status.ntStatus.rawValue == row.ntStatus)
    #expect(row.status.ndisStatus.rawValue == row.ndisStatus)
    #expect(row.status.errno == row.errno)
  }

  @Test("a case is found by its three codes", arguments: rows)
  func name(_ row: Row) {
    let read = CompletionStatus(
      NTStatus(rawValue: row.ntStatus), NDISStatus(rawValue: row.ndisStatus), row.errno)
    #expect(read.name == row.name)
  }

  @Test("rows with the same three codes belong to different requests, and are these two pairs")
  func unique() {
    var shared: [CompletionStatus: [String]] = [:]
    for row in CompletionStatus.table { shared[row.status, default: []].append(row.name) }
    let pairs = shared.values.filter { $0.count > 1 }.map { $0.joined(separator: " ") }
    #expect(pairs.sorted() == ["openFailed sendFailed", "sourceMismatch oidNotSettable"])
  }

  @Test("success is errno 0, whatever the severity of the NTSTATUS says")
  func success() {
    #expect(CompletionStatus.success.isSuccess)
    #expect(!CompletionStatus.timedOut.isSuccess)
    #expect(CompletionStatus.table.count { $0.status.isSuccess } == 1)
  }

  @Test("codes that are in no row are a failure without a name")
  func unknown() {
    #expect(CompletionStatus(.unsuccessful, .failure, EXDEV).name == "failed")
  }
}
