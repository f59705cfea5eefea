/* A program as one writes it for Windows, in the style of the sample's test program: ported [-e] [-n N] [-l L] NAME
 * lists, or writes and reads; `ported -x NAME` does what else such programs do. Compiles here with gcc and clang, and for
 * Windows with mingw-w64 and its own headers. */
#include <windows.h>
#include <winioctl.h>

#include <ntddndis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protuser.h"

static UCHAR address[6];

static void check(BOOL is_so, const char *what) {
  if (is_so) return;
  printf("not so: %s (error %lu)\n", what, GetLastError());
  fflush(stdout);
  exit(1);
}

static HANDLE open_handle(DWORD flags) {
  HANDLE handle = CreateFileA("\\\\.\\\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING,
                              FILE_ATTRIBUTE_NORMAL | flags, NULL);
  DWORD count = 0;
  if (handle == INVALID_HANDLE_VALUE) return handle;
  if (flags & FILE_FLAG_OVERLAPPED) return handle;
  if (!DeviceIoControl(handle, IOCTL_NDISPROT_BIND_WAIT, NULL, 0, NULL, 0, &count, NULL)) {
    CloseHandle(handle);
    return INVALID_HANDLE_VALUE;
  }
  return handle;
}

static void enumerate(HANDLE handle) {
  union {
    NDISPROT_QUERY_BINDING binding;
    UCHAR bytes[1024];
  } u;
  DWORD count, index = 0;
  for (;; index++) {
    ZeroMemory(&u, sizeof u);
    u.binding.BindingIndex = index;
    if (!DeviceIoControl(handle, IOCTL_NDISPROT_QUERY_BINDING, &u, sizeof u.binding, &u, sizeof u, &count, NULL)) {
      if (GetLastError() != ERROR_NO_MORE_ITEMS)
        printf("EnumerateDevices: terminated abnormally, error %lu\n", GetLastError());
      return;
    }
    printf("%2lu. %ws\n     - %ws\n", u.binding.BindingIndex, (WCHAR *)(u.bytes + u.binding.DeviceNameOffset),
           (WCHAR *)(u.bytes + u.binding.DeviceDescrOffset));
  }
}

static BOOL open_binding(HANDLE handle, const char *name, LPOVERLAPPED overlapped) {
  WCHAR wide[64];
  DWORD count = 0, length = 0;
  for (; name[length] && length < 64; length++) wide[length] = (WCHAR)name[length];
  return DeviceIoControl(handle, IOCTL_NDISPROT_OPEN_DEVICE, wide, length * (DWORD)sizeof *wide, NULL, 0, &count,
                         overlapped);
}

static BOOL query_address(HANDLE handle) {
  union {
    NDISPROT_QUERY_OID query;
    UCHAR bytes[sizeof(NDISPROT_QUERY_OID) + 6];
  } u;
  DWORD count = 0;
  ZeroMemory(&u, sizeof u);
  u.query.Oid = OID_802_3_CURRENT_ADDRESS;
  if (!DeviceIoControl(handle, IOCTL_NDISPROT_QUERY_OID_VALUE, &u, sizeof u, &u, sizeof u, &count, NULL)) return FALSE;
  memcpy(address, u.query.Data, 6);
  return count == 14;
}

static void make_frame(UCHAR *frame, DWORD length) {
  DWORD i;
  memcpy(frame, address, 6);
  memcpy(frame + 6, address, 6);
  frame[12] = 0x88, frame[13] = 0x8E;
  for (i = 14; i < length; i++) frame[i] = (UCHAR)i;
}

/* What the sample's test program does and prints. */
static void write_and_read(HANDLE handle, DWORD packets, DWORD length) {
  UCHAR *frame = calloc(1, length), *back = calloc(1, length);
  DWORD sent = 0, received = 0, count;
  make_frame(frame, length);
  for (; sent < packets; sent++)
    if (!WriteFile(handle, frame, length, &count, NULL)) {
      printf("DoWriteProc: WriteFile failed on Handle %p\n", handle);
      break;
    }
  printf("DoWriteProc: finished sending %lu packets of %lu bytes each\n", sent, length);
  for (; received < packets; received++)
    if (!ReadFile(handle, back, length, &count, NULL)) {
      printf("DoReadProc: ReadFile failed on Handle %p, error %lx\n", handle, GetLastError());
      break;
    }
  printf("DoReadProc finished: read %lu packets\n", received);
  check(received == 0 || !memcmp(frame, back, length), "what was written is what is read");
  free(frame);
  free(back);
}

/* --- and what else programs do */

static volatile DWORD routine_error = 99, routine_count, routine_calls;
static void CALLBACK on_end(DWORD error, DWORD count, LPOVERLAPPED overlapped) {
  routine_error = error, routine_count = count, routine_calls++;
  UNREFERENCED_PARAMETER(overlapped);
}

static void errors(const char *name) {
  UCHAR frame[100];
  DWORD count = 7;
  char text[100], *allocated = NULL;
  HANDLE handle = CreateFileA("\\\\.\\nosuch", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL), reader;
  check(handle == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_NOT_FOUND, "another device is not there");
  handle = CreateFileA("\\\\.\\ndisPROT", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  check(handle != INVALID_HANDLE_VALUE, "any case will do");
  CloseHandle(handle);
  handle = CreateFileA("\\\\\\.\\\\\\NdisProt", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  check(handle != INVALID_HANDLE_VALUE, "any number of backslashes will do");
  check(!query_address(handle) && GetLastError() == ERROR_DEVICE_NOT_CONNECTED, "an OID before OPEN_DEVICE is 1167");
  check(!ReadFile(handle, frame, sizeof frame, &count, NULL) && GetLastError() == ERROR_INVALID_HANDLE && count == 0,
        "a read before OPEN_DEVICE is 6");
  check(!open_binding(handle, "nosuch", NULL) && GetLastError() == ERROR_FILE_NOT_FOUND, "an unknown name is 2");
  check(open_binding(handle, name, NULL) == 1, "OPEN_DEVICE, and TRUE is exactly 1");
  check(!open_binding(handle, name, NULL) && GetLastError() == ERROR_BUSY, "once more is 170");
  check(query_address(handle) == TRUE, "the address");
  make_frame(frame, sizeof frame);
  frame[6] ^= 2;
  check(!WriteFile(handle, frame, sizeof frame, &count, NULL) && GetLastError() == ERROR_INVALID_PARAMETER && count == 0,
        "a wrong source is 87");
  check(!DeviceIoControl(handle, 0x0012C808, NULL, 0, NULL, 0, &count, NULL) && GetLastError() == ERROR_NOT_SUPPORTED,
        "a code that is none is 50");
  /* A warning is FALSE, with what was filled: room for the structure alone. */
  {
    NDISPROT_QUERY_BINDING binding;
    ZeroMemory(&binding, sizeof binding);
    check(!DeviceIoControl(handle, IOCTL_NDISPROT_QUERY_BINDING, &binding, sizeof binding, &binding, sizeof binding, &count,
                           NULL) && GetLastError() == ERROR_MORE_DATA && count == 20 && binding.DeviceNameLength > 0,
          "too little room is 234, with a count");
  }
  count = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, ERROR_BUSY, 0, text, sizeof text, NULL);
  check(count > 5 && strlen(text) == count && text[count - 1] == '\n', "words in a buffer");
  count = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, 995, 0, (LPSTR)&allocated, 0, NULL);
  check(count > 5 && strlen(allocated) == count && LocalFree(allocated) == NULL, "words in memory of theirs");
  reader = CreateFileA("\\\\.\\NdisProt", GENERIC_READ, 0, NULL, OPEN_EXISTING, 0, NULL);
  check(!WriteFile(reader, frame, sizeof frame, &count, NULL) && GetLastError() == ERROR_ACCESS_DENIED, "a reader writes: 5");
  CloseHandle(reader);
  check(CloseHandle(handle) == TRUE && !CloseHandle(handle) && GetLastError() == ERROR_INVALID_HANDLE, "closed once: 6");
  check(!CloseHandle(INVALID_HANDLE_VALUE) && !CloseHandle(NULL) && !CloseHandle((HANDLE)text), "no handles: 6");
}

static void overlapped_io(const char *name) {
  OVERLAPPED reading, writing, opening;
  UCHAR frame[80], back[100];
  DWORD count = 0;
  HANDLE events[2], handle = open_handle(FILE_FLAG_OVERLAPPED);
  ZeroMemory(&opening, sizeof opening);
  ZeroMemory(&reading, sizeof reading);
  ZeroMemory(&writing, sizeof writing);
  check(handle != INVALID_HANDLE_VALUE, "an overlapped handle");
  check(!ReadFile(handle, back, sizeof back, &count, NULL) && GetLastError() == ERROR_INVALID_PARAMETER, "no OVERLAPPED: 87");
  opening.hEvent = CreateEventA(NULL, TRUE, TRUE, NULL);
  check(!open_binding(handle, name, &opening) && GetLastError() == ERROR_IO_PENDING, "pending: 997");
  check(WaitForSingleObject(opening.hEvent, 20000) == WAIT_OBJECT_0, "the event of OPEN_DEVICE");
  check(GetOverlappedResult(handle, &opening, &count, FALSE) == TRUE, "opened");
  make_frame(frame, sizeof frame);
  events[0] = reading.hEvent = CreateEventA(NULL, FALSE, FALSE, NULL);
  events[1] = writing.hEvent = CreateEventA(NULL, FALSE, FALSE, NULL);
  check(!ReadFile(handle, back, sizeof back, NULL, &reading) && GetLastError() == ERROR_IO_PENDING, "a read pends");
  check(!HasOverlappedIoCompleted(&reading), "it has not completed");
  check(!GetOverlappedResult(handle, &reading, &count, FALSE) && GetLastError() == ERROR_IO_INCOMPLETE, "not yet: 996");
  check(WaitForMultipleObjects(2, events, FALSE, 30) == WAIT_TIMEOUT, "nothing yet: 258");
  check(!WriteFile(handle, frame, sizeof frame, NULL, &writing) && GetLastError() == ERROR_IO_PENDING, "a write pends");
  check(WaitForMultipleObjects(2, events, TRUE, 20000) == WAIT_OBJECT_0, "both end");
  check(WaitForSingleObject(events[0], 0) == WAIT_TIMEOUT, "an event of automatic reset was taken");
  check(GetOverlappedResult(handle, &writing, &count, TRUE) && count == sizeof frame, "written");
  check(GetOverlappedResult(handle, &reading, &count, TRUE) && count == sizeof frame && !memcmp(frame, back, count), "read");

  check(!ReadFile(handle, back, sizeof back, NULL, &reading) && GetLastError() == ERROR_IO_PENDING, "a read pends again");
  check(CancelIoEx(handle, &reading) == TRUE, "CancelIoEx");
  check(!GetOverlappedResult(handle, &reading, &count, TRUE) && GetLastError() == ERROR_OPERATION_ABORTED, "cancelled: 995");
  check(!CancelIoEx(handle, &reading) && GetLastError() == ERROR_NOT_FOUND, "nothing to cancel: 1168");
  check(!ReadFile(handle, back, sizeof back, NULL, &reading) && CancelIo(handle) == TRUE, "CancelIo");
  check(!GetOverlappedResult(handle, &reading, &count, TRUE) && GetLastError() == ERROR_OPERATION_ABORTED, "cancelled: 995");

  reading.hEvent = writing.hEvent = NULL; /* theirs to use with the Ex forms */
  check(ReadFileEx(handle, back, sizeof back, &reading, on_end) == TRUE, "ReadFileEx");
  check(SleepEx(20, TRUE) == 0 && routine_calls == 0, "no routine runs before the end");
  check(WriteFileEx(handle, frame, sizeof frame, &writing, on_end) == TRUE, "WriteFileEx");
  Sleep(50);
  check(routine_calls == 0, "no routine runs in a thread that is not alertable");
  while (routine_calls < 2) check(SleepEx(20000, TRUE) == WAIT_IO_COMPLETION, "a routine ran");
  check(routine_error == 0 && routine_count == sizeof frame, "with what it has to know");
  check(ReadFileEx(handle, back, sizeof back, &reading, on_end) == TRUE && CancelIoEx(handle, NULL), "cancel all");
  check(SleepEx(20000, TRUE) == WAIT_IO_COMPLETION && routine_error == ERROR_OPERATION_ABORTED, "its routine hears 995");

  /* Closing cancels, and the handle itself is an object to wait for. */
  ZeroMemory(&reading, sizeof reading);
  check(!ReadFile(handle, back, sizeof back, NULL, &reading) && WaitForSingleObject(handle, 10) == WAIT_TIMEOUT, "not set");
  check(CloseHandle(handle) == TRUE, "closed with a read under way");
  check(HasOverlappedIoCompleted(&reading) && (DWORD)reading.Internal == 0xC0000120, "which is cancelled then");
  CloseHandle(events[0]);
  CloseHandle(events[1]);
  CloseHandle(opening.hEvent);
}

int main(int argc, char **argv) {
  DWORD packets = 1, length = 100;
  int lists = 0, extra = 0, i;
  const char *name = NULL;
  HANDLE handle;
  for (i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "-e")) lists = 1;
    else if (!strcmp(argv[i], "-x")) extra = 1;
    else if (!strcmp(argv[i], "-n") && i + 1 < argc) packets = (DWORD)atoi(argv[++i]);
    else if (!strcmp(argv[i], "-l") && i + 1 < argc) length = (DWORD)atoi(argv[++i]);
    else name = argv[i];
  }
  if (extra && name) {
    errors(name);
    overlapped_io(name);
    printf("all as on Windows\n");
    return 0;
  }
  handle = open_handle(0);
  if (handle == INVALID_HANDLE_VALUE) {
    printf("Failed to open \\\\.\\\\NdisProt\n");
    return 1;
  }
  if (lists) {
    enumerate(handle);
  } else {
    if (!name || !open_binding(handle, name, NULL)) {
      printf("Failed to access %s\n", name ? name : "");
      return 1;
    }
    if (!query_address(handle)) {
      printf("Failed to obtain local MAC address\n");
      return 1;
    }
    write_and_read(handle, packets, length);
  }
  CloseHandle(handle);
  return 0;
}
