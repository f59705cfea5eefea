/* Statuses, errors and their words. */
#include "objects.h"

#include <errno.h>

static _Thread_local DWORD last_error;

DWORD ndisprot_GetLastError(void) { return last_error; }
void ndisprot_SetLastError(DWORD error) { last_error = error; }

BOOL ndisprot_fail(DWORD error) {
  last_error = error;
  return FALSE;
}

/* What RtlNtStatusToDosError makes of a status, for those that the daemon has; Tests/Library compares them with
 * CompletionStatus+Table.swift and with the headers of Windows. */
static const struct {
  uint32_t status;
  DWORD error;
} errors[] = {
    {0x00000102, ERROR_TIMEOUT},              /* STATUS_TIMEOUT */
    {0x80000005, ERROR_MORE_DATA},            /* STATUS_BUFFER_OVERFLOW */
    {0x80000011, ERROR_BUSY},                 /* STATUS_DEVICE_BUSY */
    {0x8000001A, ERROR_NO_MORE_ITEMS},        /* STATUS_NO_MORE_ENTRIES */
    {0xC0000001, ERROR_GEN_FAILURE},          /* STATUS_UNSUCCESSFUL */
    {0xC0000008, ERROR_INVALID_HANDLE},       /* STATUS_INVALID_HANDLE */
    {0xC000000D, ERROR_INVALID_PARAMETER},    /* STATUS_INVALID_PARAMETER */
    {0xC0000010, ERROR_INVALID_FUNCTION},     /* STATUS_INVALID_DEVICE_REQUEST */
    {0xC0000022, ERROR_ACCESS_DENIED},        /* STATUS_ACCESS_DENIED */
    {0xC0000023, ERROR_INSUFFICIENT_BUFFER},  /* STATUS_BUFFER_TOO_SMALL */
    {0xC0000034, ERROR_FILE_NOT_FOUND},       /* STATUS_OBJECT_NAME_NOT_FOUND */
    {0xC0000044, ERROR_NOT_ENOUGH_QUOTA},     /* STATUS_QUOTA_EXCEEDED */
    {0xC0000056, ERROR_ACCESS_DENIED},        /* STATUS_DELETE_PENDING */
    {0xC000009A, ERROR_NO_SYSTEM_RESOURCES},  /* STATUS_INSUFFICIENT_RESOURCES */
    {0xC000009D, ERROR_DEVICE_NOT_CONNECTED}, /* STATUS_DEVICE_NOT_CONNECTED */
    {0xC00000A3, ERROR_NOT_READY},            /* STATUS_DEVICE_NOT_READY */
    {0xC00000BB, ERROR_NOT_SUPPORTED},        /* STATUS_NOT_SUPPORTED */
    {0xC00000CE, ERROR_TOO_MANY_SESS},        /* STATUS_TOO_MANY_SESSIONS */
    {0xC00000D0, ERROR_REQ_NOT_ACCEP},        /* STATUS_REQUEST_NOT_ACCEPTED */
    {0xC00000E5, ERROR_INTERNAL_ERROR},       /* STATUS_INTERNAL_ERROR */
    {0xC0000120, ERROR_OPERATION_ABORTED},    /* STATUS_CANCELLED */
    {0xC0000182, ERROR_INVALID_PARAMETER},    /* STATUS_DEVICE_CONFIGURATION_ERROR */
    {0xC0000206, ERROR_INVALID_USER_BUFFER},  /* STATUS_INVALID_BUFFER_SIZE */
    {0xC000020D, ERROR_NETNAME_DELETED},      /* STATUS_CONNECTION_RESET */
    {0xC0000225, ERROR_NOT_FOUND},            /* STATUS_NOT_FOUND */
};

DWORD ndisprot_error_of_status(uint32_t status) {
  for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
    if (errors[i].status == status) return errors[i].error;
  return ERROR_MR_MID_NOT_FOUND;
}

/* The status of a call that failed: the daemon's, or the one that says the same. */
uint32_t ndisprot_status_of_result(ndisprot *session, int result) {
  struct ndisprot_status status = {.size = sizeof status};
  ndisprot_last_status(session, &status);
  if (status.ntstatus) return status.ntstatus;
  switch (-result) {
    case ECONNRESET: return 0xC000020D;
    case ENOMEM: return 0xC000009A;
    case EACCES: return 0xC0000022;
    case EINVAL: return 0xC000000D;
    case EMSGSIZE: return 0xC0000206;
    default: return 0xC0000001;
  }
}

/* --- FormatMessage, in words of ours */

static const struct {
  DWORD error;
  const char *words;
} sentences[] = {
    {ERROR_SUCCESS, "The operation succeeded"},
    {ERROR_INVALID_FUNCTION, "The request is not valid now"},
    {ERROR_FILE_NOT_FOUND, "There is no such device, or no daemon runs"},
    {ERROR_TOO_MANY_OPEN_FILES, "Too many files are open"},
    {ERROR_ACCESS_DENIED, "The access policy does not permit it"},
    {ERROR_INVALID_HANDLE, "The handle is not valid, or nothing is open on it"},
    {ERROR_NOT_ENOUGH_MEMORY, "There is not enough memory"},
    {ERROR_NOT_READY, "The interface is down"},
    {ERROR_GEN_FAILURE, "The interface or the daemon failed"},
    {ERROR_NOT_SUPPORTED, "The request is not supported"},
    {ERROR_NETNAME_DELETED, "The daemon went away"},
    {ERROR_TOO_MANY_SESS, "The daemon accepts no more sessions"},
    {ERROR_INVALID_PARAMETER, "A parameter is not valid"},
    {ERROR_INSUFFICIENT_BUFFER, "The buffer is too small"},
    {ERROR_BUSY, "Another program uses it"},
    {ERROR_MORE_DATA, "There is more than fits the buffer"},
    {WAIT_TIMEOUT, "The wait timed out"},
    {ERROR_NO_MORE_ITEMS, "There are no more entries"},
    {ERROR_OPERATION_ABORTED, "The operation was cancelled"},
    {ERROR_IO_INCOMPLETE, "The operation is not done yet"},
    {ERROR_IO_PENDING, "The operation is under way"},
    {ERROR_DEVICE_NOT_CONNECTED, "Nothing is open on this handle"},
    {ERROR_NOT_FOUND, "It was not found"},
    {ERROR_INTERNAL_ERROR, "The daemon has a defect"},
    {ERROR_NO_SYSTEM_RESOURCES, "The system lacks resources for it"},
    {ERROR_TIMEOUT, "The request timed out"},
    {ERROR_INVALID_USER_BUFFER, "The length is not valid"},
    {ERROR_NOT_ENOUGH_QUOTA, "A quota is used up"},
};

static int message(DWORD error, char *out, size_t size) {
  for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
    if (sentences[i].error == error) return snprintf(out, size, "%s.\r\n", sentences[i].words);
  return snprintf(out, size, "Error %u.\r\n", error);
}

DWORD ndisprot_FormatMessageA(DWORD flags, LPCVOID source, DWORD error, DWORD language, LPSTR out, DWORD size,
                              va_list *arguments) {
  (void)source, (void)language, (void)arguments;
  char text[128];
  if (!(flags & FORMAT_MESSAGE_FROM_SYSTEM) || !out) return (DWORD)ndisprot_fail(ERROR_INVALID_PARAMETER);
  DWORD length = (DWORD)message(error, text, sizeof text);
  if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
    char *copy = strdup(text);
    if (!copy) return (DWORD)ndisprot_fail(ERROR_NOT_ENOUGH_MEMORY);
    memcpy(out, &copy, sizeof copy); /* the caller's pointer hides behind a string */
    return length;
  }
  if (length >= size) return (DWORD)ndisprot_fail(ERROR_INSUFFICIENT_BUFFER);
  memcpy(out, text, length + 1);
  return length;
}

DWORD ndisprot_FormatMessageW(DWORD flags, LPCVOID source, DWORD error, DWORD language, LPWSTR out, DWORD size,
                              va_list *arguments) {
  (void)source, (void)language, (void)arguments;
  char text[128];
  if (!(flags & FORMAT_MESSAGE_FROM_SYSTEM) || !out) return (DWORD)ndisprot_fail(ERROR_INVALID_PARAMETER);
  DWORD length = (DWORD)message(error, text, sizeof text);
  WCHAR *to = out;
  if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
    to = malloc((length + 1) * sizeof *to);
    if (!to) return (DWORD)ndisprot_fail(ERROR_NOT_ENOUGH_MEMORY);
    memcpy(out, &to, sizeof to);
  } else if (length >= size) {
    return (DWORD)ndisprot_fail(ERROR_INSUFFICIENT_BUFFER);
  }
  for (DWORD i = 0; i <= length; i++) to[i] = (WCHAR)text[i];
  return length;
}

HANDLE ndisprot_LocalFree(HANDLE memory) {
  free(memory);
  return NULL;
}
