/* Types, words and calls of the Windows API, over ndisprot.h. For the sources of ported programs alone.
 *
 * `long` has 32 bits there and 64 here, so nothing below is a C long: LONG, ULONG and DWORD have 32 bits. A
 * WCHAR has 16: with -fshort-wchar wide literals are UTF-16 too; without it a program must not have any, since
 * those of Linux are UTF-32. No wide function of the C library may be called with it. */
#ifndef NDISPROT_WIN32_H
#define NDISPROT_WIN32_H

/* Before the names of printf and its like become ours: these headers use them in attributes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- types */

#define VOID void
#define CONST const
typedef char CHAR, TCHAR, *PCHAR, *PSTR, *LPSTR, *LPTSTR, *LPCH;
typedef const char *PCSTR, *LPCSTR, *LPCTSTR;
typedef signed char SCHAR;
typedef unsigned char UCHAR, BYTE, BOOLEAN, *PUCHAR, *PBYTE, *LPBYTE, *PBOOLEAN;
typedef int16_t SHORT, *PSHORT;
typedef uint16_t USHORT, WORD, *PUSHORT, *PWORD;
typedef int INT, BOOL, *PINT, *PBOOL, *LPBOOL;
typedef unsigned UINT, *PUINT;
typedef int32_t LONG, *PLONG, INT32, LONG32, NTSTATUS;
typedef uint32_t ULONG, DWORD, *PULONG, *PDWORD, *LPDWORD, UINT32, ULONG32, DWORD32;
typedef int64_t LONGLONG, LONG64, INT64;
typedef uint64_t ULONGLONG, ULONG64, DWORD64, UINT64, *PULONGLONG;
typedef size_t SIZE_T;
typedef intptr_t INT_PTR, LONG_PTR;
typedef uintptr_t UINT_PTR, ULONG_PTR, DWORD_PTR;
typedef void *PVOID, *LPVOID, *HANDLE, **PHANDLE;
typedef const void *PCVOID, *LPCVOID;
#if __SIZEOF_WCHAR_T__ == 2
typedef wchar_t WCHAR;
#else
typedef uint16_t WCHAR;
#endif
typedef WCHAR *PWCHAR, *PWSTR, *LPWSTR, *PWCH;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef union _LARGE_INTEGER {
  struct {
    DWORD LowPart;
    LONG HighPart;
  } u;
  LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;
typedef struct _SECURITY_ATTRIBUTES {
  DWORD nLength;
  LPVOID lpSecurityDescriptor;
  BOOL bInheritHandle;
} SECURITY_ATTRIBUTES, *PSECURITY_ATTRIBUTES, *LPSECURITY_ATTRIBUTES;
/* Internal is the NTSTATUS, InternalHigh the count of bytes. */
typedef struct _OVERLAPPED {
  ULONG_PTR Internal, InternalHigh;
  __extension__ union {
    __extension__ struct {
      DWORD Offset, OffsetHigh;
    };
    PVOID Pointer;
  };
  HANDLE hEvent;
} OVERLAPPED, *LPOVERLAPPED;
typedef void (*LPOVERLAPPED_COMPLETION_ROUTINE)(DWORD error, DWORD count, LPOVERLAPPED overlapped);

/* --- words of the compiler */

#define TRUE 1
#define FALSE 0
#define WINAPI
#define APIENTRY
#define CALLBACK
#ifndef __cdecl
#define __cdecl
#endif
#define __stdcall
#define __fastcall
#define __forceinline inline __attribute__((always_inline))
/* align is left away: programs put it on the element type of an array, which gcc and clang refuse. */
#define __declspec(attribute) NDISPROT_DECLSPEC_##attribute
#define NDISPROT_DECLSPEC_align(n)
#define NDISPROT_DECLSPEC_noreturn __attribute__((noreturn))
#define NDISPROT_DECLSPEC_dllexport
#define NDISPROT_DECLSPEC_dllimport
#define NDISPROT_DECLSPEC_selectany __attribute__((weak))
#define _In_
#define _In_opt_
#define _In_z_
#define _In_reads_(n)
#define _In_reads_bytes_(n)
#define _Inout_
#define _Inout_opt_
#define _Out_
#define _Out_opt_
#define _Out_writes_(n)
#define _Out_writes_bytes_(n)
#define _Success_(e)
#define _Use_decl_annotations_
#define __in
#define __in_opt
#define __out
#define __out_opt
#define __inout
#ifndef __cplusplus
#define IN
#define OUT
#define OPTIONAL
#endif

/* --- constants */

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)
#define MEMORY_ALLOCATION_ALIGNMENT 16
#define MAX_PATH 260
#define GENERIC_READ 0x80000000u
#define GENERIC_WRITE 0x40000000u
#define FILE_READ_DATA 1
#define FILE_WRITE_DATA 2
#define FILE_SHARE_READ 1
#define FILE_SHARE_WRITE 2
#define CREATE_NEW 1
#define CREATE_ALWAYS 2
#define OPEN_EXISTING 3
#define OPEN_ALWAYS 4
#define FILE_ATTRIBUTE_NORMAL 0x80
#define FILE_FLAG_OVERLAPPED 0x40000000u
#define FORMAT_MESSAGE_ALLOCATE_BUFFER 0x100
#define FORMAT_MESSAGE_IGNORE_INSERTS 0x200
#define FORMAT_MESSAGE_FROM_SYSTEM 0x1000
#define LANG_NEUTRAL 0
#define SUBLANG_DEFAULT 1
#define INFINITE 0xFFFFFFFFu
#define WAIT_OBJECT_0 0
#define WAIT_ABANDONED 0x80
#define WAIT_IO_COMPLETION 0xC0
#define WAIT_FAILED 0xFFFFFFFFu
#define MAXIMUM_WAIT_OBJECTS 64
#define STATUS_WAIT_0 0
#define STATUS_PENDING 0x103
#define HasOverlappedIoCompleted(overlapped) (((DWORD)(overlapped)->Internal) != STATUS_PENDING)

/* --- small things */

#define UNREFERENCED_PARAMETER(parameter) ((void)(parameter))
#define ZeroMemory(to, count) ((void)memset((to), 0, (count)))
#define FillMemory(to, count, byte) ((void)memset((to), (byte), (count)))
#define CopyMemory(to, from, count) ((void)memcpy((to), (from), (count)))
#define MoveMemory(to, from, count) ((void)memmove((to), (from), (count)))
#define RtlZeroMemory ZeroMemory
#define RtlCopyMemory CopyMemory
#define MAKEWORD(low, high) ((WORD)(((low) & 0xFFu) | (((high) & 0xFFu) << 8)))
#define MAKELANGID(primary, sub) ((WORD)((primary) | ((sub) << 10)))
#define TEXT(literal) literal
#define sscanf_s sscanf /* as long as no %s, %c or %[ takes a size */
#define strcpy_s(to, size, from) ((void)snprintf((to), (size), "%s", (from)), 0)
#define _stricmp strcasecmp
#define _strnicmp strncasecmp

/* --- calls: under names of ours, so that nothing of the program or of another library is interposed */

HANDLE ndisprot_CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how,
                            DWORD flags, HANDLE like);
HANDLE ndisprot_CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how,
                            DWORD flags, HANDLE like);
BOOL ndisprot_CloseHandle(HANDLE handle);
BOOL ndisprot_DeviceIoControl(HANDLE handle, DWORD code, LPVOID in, DWORD inSize, LPVOID out, DWORD outSize,
                              LPDWORD returned, LPOVERLAPPED overlapped);
BOOL ndisprot_DeviceIoControlNdis5(HANDLE handle, DWORD code, LPVOID in, DWORD inSize, LPVOID out, DWORD outSize,
                                   LPDWORD returned, LPOVERLAPPED overlapped);
BOOL ndisprot_ReadFile(HANDLE handle, LPVOID buffer, DWORD size, LPDWORD read, LPOVERLAPPED overlapped);
BOOL ndisprot_WriteFile(HANDLE handle, LPCVOID buffer, DWORD size, LPDWORD written, LPOVERLAPPED overlapped);
BOOL ndisprot_ReadFileEx(HANDLE handle, LPVOID buffer, DWORD size, LPOVERLAPPED overlapped,
                         LPOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL ndisprot_WriteFileEx(HANDLE handle, LPCVOID buffer, DWORD size, LPOVERLAPPED overlapped,
                          LPOVERLAPPED_COMPLETION_ROUTINE routine);
BOOL ndisprot_GetOverlappedResult(HANDLE handle, LPOVERLAPPED overlapped, LPDWORD count, BOOL wait);
BOOL ndisprot_CancelIo(HANDLE handle);
BOOL ndisprot_CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped);
HANDLE ndisprot_CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name);
HANDLE ndisprot_CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name);
BOOL ndisprot_SetEvent(HANDLE event);
BOOL ndisprot_ResetEvent(HANDLE event);
DWORD ndisprot_WaitForSingleObject(HANDLE handle, DWORD milliseconds);
DWORD ndisprot_WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable);
DWORD ndisprot_WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all, DWORD milliseconds);
DWORD ndisprot_WaitForMultipleObjectsEx(DWORD count, const HANDLE *handles, BOOL all, DWORD milliseconds,
                                        BOOL alertable);
DWORD ndisprot_SleepEx(DWORD milliseconds, BOOL alertable);
void ndisprot_Sleep(DWORD milliseconds);
DWORD ndisprot_GetLastError(void);
void ndisprot_SetLastError(DWORD error);
DWORD ndisprot_FormatMessageA(DWORD flags, LPCVOID source, DWORD error, DWORD language, LPSTR out, DWORD size,
                              va_list *arguments);
DWORD ndisprot_FormatMessageW(DWORD flags, LPCVOID source, DWORD error, DWORD language, LPWSTR out, DWORD size,
                              va_list *arguments);
HANDLE ndisprot_LocalFree(HANDLE memory);
int ndisprot_printf(const char *format, ...);
int ndisprot_fprintf(FILE *file, const char *format, ...);
int ndisprot_sprintf(char *to, const char *format, ...);
int ndisprot_snprintf(char *to, size_t size, const char *format, ...);
int ndisprot_vprintf(const char *format, va_list list);
#ifdef __cplusplus
}
#endif

#define CreateFileA ndisprot_CreateFileA
#define CreateFileW ndisprot_CreateFileW
#define CreateEventA ndisprot_CreateEventA
#define CreateEventW ndisprot_CreateEventW
#define FormatMessageA ndisprot_FormatMessageA
#define FormatMessageW ndisprot_FormatMessageW
#ifdef UNICODE
#define CreateFile ndisprot_CreateFileW
#define CreateEvent ndisprot_CreateEventW
#define FormatMessage ndisprot_FormatMessageW
#else
#define CreateFile ndisprot_CreateFileA
#define CreateEvent ndisprot_CreateEventA
#define FormatMessage ndisprot_FormatMessageA
#endif
#define CloseHandle ndisprot_CloseHandle
#define DeviceIoControl ndisprot_DeviceIoControl
#define ReadFile ndisprot_ReadFile
#define WriteFile ndisprot_WriteFile
#define ReadFileEx ndisprot_ReadFileEx
#define WriteFileEx ndisprot_WriteFileEx
#define GetOverlappedResult ndisprot_GetOverlappedResult
#define CancelIo ndisprot_CancelIo
#define CancelIoEx ndisprot_CancelIoEx
#define SetEvent ndisprot_SetEvent
#define ResetEvent ndisprot_ResetEvent
#define WaitForSingleObject ndisprot_WaitForSingleObject
#define WaitForSingleObjectEx ndisprot_WaitForSingleObjectEx
#define WaitForMultipleObjects ndisprot_WaitForMultipleObjects
#define WaitForMultipleObjectsEx ndisprot_WaitForMultipleObjectsEx
#define SleepEx ndisprot_SleepEx
#define Sleep ndisprot_Sleep
#define GetLastError ndisprot_GetLastError
#define SetLastError ndisprot_SetLastError
#define LocalFree ndisprot_LocalFree
/* Of that C library: l is 32 bits, %ws and %S are UTF-16, %I64x, %p has sixteen digits. */
#ifndef NDISPROT_WIN32_NO_PRINTF
#define printf ndisprot_printf
#define fprintf ndisprot_fprintf
#define sprintf ndisprot_sprintf
#define snprintf ndisprot_snprintf
#define _snprintf ndisprot_snprintf
#define vprintf ndisprot_vprintf
#endif
#endif
