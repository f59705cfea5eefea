/* The types, and what printf makes of them: those of Windows. Nothing here needs a daemon. */
#include <stdio.h>
#include <windows.h>
#include <nuiouser.h>
#include <winsock.h>
#include <string.h>

typedef struct {
  __declspec(align(16)) UCHAR bytes[3];
} PLACED;

/* As sources of that time have it: no type, and an alignment of the elements of an array. */
typedef __declspec(align(MEMORY_ALLOCATION_ALIGNMENT)) WORDLESS;
typedef __declspec(align(16)) UCHAR ALIGNED;

int main(void) {
  WORDLESS words[4];
  ALIGNED bytes[4];
  if (sizeof words != 16 || sizeof bytes != 4) return 7;
  char text[200];
  DWORD big = 0xFFFFFFFF;
  PLACED placed = {{1, 2, 3}};
  int n = snprintf(text, sizeof text, "%lu|%lx|%I64x|%ws|%-6S|%.2ws|%p|%5d|%-4u|%s|%c|%%|%08lX|%*d|%I32u|%hs", big, big,
                   0x123456789ABCDEFLL, L"\x00e4\x20ac", L"wide", L"abcd", (void *)0x1F, 42, 7u, "narrow", 'c', (ULONG)0xBEEF,
                   4, 3, big, "h");
  const char *expected = "4294967295|ffffffff|123456789abcdef|\xc3\xa4\xe2\x82\xac|wide  |ab|000000000000001F|   42|7   |narrow|c|"
                         "%|0000BEEF|   3|4294967295|h";
  if (strcmp(text, expected) || n != (int)strlen(expected)) return fprintf(stderr, "%s\n%s\n", text, expected), 1;
  if (snprintf(text, 4, "%s", "abcdef") != 6 || strcmp(text, "abc")) return 2;
  if (sizeof(LONG) != 4 || sizeof(ULONG) != 4 || sizeof(DWORD) != 4 || sizeof(WCHAR) != 2 || sizeof(BOOLEAN) != 1) return 3;
  if (sizeof(L'x') != 2 || placed.bytes[2] != 3) return 4;
  if (offsetof(NDISPROT_QUERY_OID, Data) != 4 || sizeof(NDISPROT_QUERY_OID) != 8) return 5; /* NDIS 5: no port */
  SetLastError(77);
  return GetLastError() == 77 && htons(1) ? 0 : 6;
}
