/* An OID in the layout of NDIS 5, under the names of that time, of a device that another name leads to: ndis5 NAME */
#include <windows.h>
#include <nuiouser.h>
#include <string.h>

int main(int argc, char **argv) {
  WCHAR wide[16];
  DWORD count = 0, length = 0;
  union {
    NDISUIO_QUERY_OID query;
    UCHAR bytes[64];
  } u;
  HANDLE handle = CreateFile("\\\\.\\Open1X", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  if (argc < 2 || handle == INVALID_HANDLE_VALUE) return 1;
  for (; argv[1][length] && length < 16; length++) wide[length] = (WCHAR)argv[1][length];
  if (!DeviceIoControl(handle, IOCTL_NDISUIO_OPEN_DEVICE, wide, length * 2, NULL, 0, &count, NULL)) return 2;
  ZeroMemory(&u, sizeof u);
  u.query.Oid = OID_802_3_CURRENT_ADDRESS;
  if (!DeviceIoControl(handle, IOCTL_NDISUIO_QUERY_OID_VALUE, &u, sizeof u.query, &u, sizeof u, &count, NULL)) return 3;
  if (count != 4 + 6 || u.query.Oid != OID_802_3_CURRENT_ADDRESS) return 4;
  printf("%02x:%02x:%02x:%02x:%02x:%02x\n", u.query.Data[0], u.query.Data[1], u.query.Data[2], u.query.Data[3],
         u.bytes[8], u.bytes[9]);
  /* NDISPROT_ETHERTYPE decides what such a program may write. */
  UCHAR frame[60] = {0};
  memcpy(frame, u.query.Data, 6);
  memcpy(frame + 6, u.query.Data, 6);
  frame[12] = 0x88, frame[13] = 0xB5;
  return WriteFile(handle, frame, sizeof frame, &count, NULL) && count == 60 ? 0 : 5;
}
