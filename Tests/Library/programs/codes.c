/* The requests that the sample's test program does not make: codes NAME. The test takes the carrier away and back
 * when it reads `carrier`. */
#include <windows.h>
#include <winioctl.h>

#include <ntddndis.h>
#include <stdio.h>

#include "protuser.h"

#define CHECK(condition)                                                                       \
  do {                                                                                         \
    if (!(condition)) return printf("line %d: %s, error %lu\n", __LINE__, #condition, GetLastError()), 1; \
  } while (0)

static BOOLEAN is_equal(DWORD left, DWORD right) { return left == right; }

int main(int argc, char **argv) {
  WCHAR wide[16];
  DWORD count = 0, length = 0, filter = NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_BROADCAST, got = 0;
  union {
    NDISPROT_QUERY_OID query;
    NDISPROT_SET_OID set;
    NDISPROT_INDICATE_STATUS status;
    UCHAR bytes[200];
  } u;
  OVERLAPPED overlapped;
  HANDLE handle = CreateFileW(L"\\\\.\\NDISPROT", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                              FILE_FLAG_OVERLAPPED, NULL);
  CHECK(argc == 2 && handle != INVALID_HANDLE_VALUE && is_equal(TRUE, 1) == TRUE);
  for (; argv[1][length] && length < 16; length++) wide[length] = (WCHAR)argv[1][length];
  ZeroMemory(&overlapped, sizeof overlapped);
#define ASK(code, in, out)                                                                                      \
  (DeviceIoControl(handle, code, &u, in, &u, out, NULL, &overlapped) || GetLastError() == ERROR_IO_PENDING) && \
      GetOverlappedResult(handle, &overlapped, &count, TRUE)
  CHECK((DeviceIoControl(handle, IOCTL_NDISPROT_OPEN_DEVICE, wide, length * 2, NULL, 0, NULL, &overlapped) ||
         GetLastError() == ERROR_IO_PENDING) && GetOverlappedResult(handle, &overlapped, &count, TRUE) && count == 0);

  ZeroMemory(&u, sizeof u);
  u.set.Oid = OID_GEN_CURRENT_PACKET_FILTER;
  memcpy(u.set.Data, &filter, sizeof filter);
  CHECK(ASK(IOCTL_NDISPROT_SET_OID_VALUE, sizeof(NDISPROT_SET_OID), sizeof u));
  ZeroMemory(&u, sizeof u);
  u.query.Oid = OID_GEN_CURRENT_PACKET_FILTER;
  CHECK(ASK(IOCTL_NDISPROT_QUERY_OID_VALUE, sizeof(NDISPROT_QUERY_OID), sizeof u));
  memcpy(&got, u.query.Data, sizeof got);
  CHECK(count == 12 && got == filter);
  u.set.Oid = OID_GEN_SUPPORTED_LIST;
  CHECK(!(ASK(IOCTL_NDISPROT_SET_OID_VALUE, sizeof(NDISPROT_SET_OID), sizeof u)) && count == 0);

  /* A request that waits for the adapter: cancelled, and answered. */
  CHECK(!DeviceIoControl(handle, IOCTL_NDISPROT_INDICATE_STATUS, NULL, 0, &u, sizeof u, NULL, &overlapped) &&
        GetLastError() == ERROR_IO_PENDING && CancelIoEx(handle, &overlapped));
  CHECK(!GetOverlappedResult(handle, &overlapped, &count, TRUE) && GetLastError() == ERROR_OPERATION_ABORTED);
  CHECK(!DeviceIoControl(handle, IOCTL_NDISPROT_INDICATE_STATUS, NULL, 0, &u, sizeof u, NULL, &overlapped) &&
        GetLastError() == ERROR_IO_PENDING);
  printf("carrier\n");
  fflush(stdout);
  CHECK(getchar() == '\n');
  CHECK(GetOverlappedResult(handle, &overlapped, &count, TRUE) && count > 12);
  CHECK(u.status.IndicatedStatus == 0x40010017 && u.status.StatusBufferOffset == 12 &&
        u.status.StatusBufferLength == count - 12);
  CHECK(CloseHandle(handle));
  return 0;
}
