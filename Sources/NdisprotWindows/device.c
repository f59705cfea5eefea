/* Devices: CreateFile, and every request, with and without overlapped I/O.
 *
 * A device without FILE_FLAG_OVERLAPPED does one request at a time, as Windows does: the caller holds the
 * session's lock, sends the request and waits for its end. One with it has a thread that takes the ends of
 * requests; callers only send. */
#include "objects.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define OPEN_DEVICE 0x0012C800u
#define QUERY_OID_VALUE 0x0012C804u
#define SET_OID_VALUE 0x0012C814u
#define STATUS_CANCELLED 0xC0000120u
#define STATUS_SUCCESS 0u
/* How long the daemon may take for what waits for nothing else. */
enum { PATIENCE = 10000 };

static void wake(struct object *device) {
  uint64_t one = 1;
  if (write(device->wake, &one, sizeof one) < 0) {} /* full: the worker looks anyway */
}

/* --- the end of a request */

/* The routines of ReadFileEx and WriteFileEx that wait until their thread is alertable. */
static struct operation *routines;

int ndisprot_run_routines(void) {
  int has_run = 0;
  for (struct operation **at = &routines; *at;) {
    struct operation *operation = *at;
    if (!pthread_equal(operation->thread, pthread_self())) {
      at = &operation->next;
      continue;
    }
    *at = operation->next;
    pthread_mutex_unlock(&ndisprot_objects_lock);
    DWORD error = operation->status < 0x80000000u ? 0 : ndisprot_error_of_status(operation->status);
    operation->routine(error, operation->count, operation->overlapped);
    free(operation);
    pthread_mutex_lock(&ndisprot_objects_lock);
    has_run = 1;
    at = &routines; /* the list may be another by now */
  }
  return has_run;
}

void ndisprot_operation_done(struct object *device, struct operation *operation, uint32_t status, DWORD count) {
  for (struct operation **at = &device->operations; *at; at = &(*at)->next)
    if (*at == operation) {
      *at = operation->next;
      break;
    }
  operation->next = NULL;
  operation->status = status, operation->count = count, operation->is_done = 1;
  LPOVERLAPPED overlapped = operation->overlapped;
  if (overlapped) {
    overlapped->InternalHigh = count;
    __atomic_store_n(&overlapped->Internal, status, __ATOMIC_RELEASE);
    device->is_set = 1;
    struct object *event = operation->event;
    if (event) {
      event->is_set = 1;
      event->references--; /* the table, or a wait, holds another */
      if (event->references == 0) free(event);
    }
    if (operation->routine) {
      struct operation **at = &routines;
      while (*at) at = &(*at)->next;
      *at = operation;
    } else {
      free(operation);
    }
  }
  pthread_cond_broadcast(&ndisprot_objects_changed);
}

/* With the session's lock held: notes what came back. */
static void complete(struct object *device, const struct ndisprot_completion *done) {
  pthread_mutex_lock(&ndisprot_objects_lock);
  struct operation *operation = device->operations;
  while (operation && operation->id != done->id) operation = operation->next;
  if (operation) {
    uint32_t status = done->status.ntstatus;
    /* An errno without a status is the library's own. */
    if (done->status.error && status == 0) status = 0xC0000001u;
    size_t count = 0;
    if (status < 0xC0000000u) {
      const unsigned char *data = done->data;
      size_t length = done->length;
      count = operation->written;
      if (operation->kind != NDISPROT_REQUEST_WRITE && data) {
        unsigned char *out = operation->out;
        count = length < operation->out_size ? length : operation->out_size;
        if (operation->is_ndis5 && length >= 8) {
          /* {Oid, Data}: without the port that lies between them here. */
          length -= 4;
          count = length < operation->out_size ? length : operation->out_size;
          if (out && count >= 4) memcpy(out, data, 4), memcpy(out + 4, data + 8, count - 4);
        } else if (out && count) {
          memcpy(out, data, count);
        }
      }
    }
    ndisprot_operation_done(device, operation, status, (DWORD)count);
  }
  pthread_mutex_unlock(&ndisprot_objects_lock);
}

/* The session is over: everything under way ends so. */
static void end_all(struct object *device, uint32_t status) {
  pthread_mutex_lock(&ndisprot_objects_lock);
  while (device->operations) ndisprot_operation_done(device, device->operations, status, 0);
  pthread_mutex_unlock(&ndisprot_objects_lock);
}

/* Takes the ends of the requests of an overlapped device. */
static void *take_ends(void *argument) {
  struct object *device = argument;
  for (int is_over = 0; !is_over;) {
    struct ndisprot_completion done = {.size = sizeof done};
    pthread_mutex_lock(&device->session_lock);
    int result;
    while ((result = ndisprot_reap(device->session, &done, 0)) == 0) complete(device, &done);
    struct pollfd ready[2] = {{ndisprot_fd(device->session), POLLIN, 0}, {device->wake, POLLIN, 0}};
    if (result != -EAGAIN) {
      end_all(device, ndisprot_status_of_result(device->session, result));
      ready[0].fd = -1; /* only the end of the device is left to wait for */
    }
    pthread_mutex_unlock(&device->session_lock);
    if (poll(ready, 2, -1) > 0 && ready[1].revents) {
      uint64_t count;
      if (read(device->wake, &count, sizeof count) < 0) {}
    }
    pthread_mutex_lock(&ndisprot_objects_lock);
    is_over = device->is_closing;
    pthread_mutex_unlock(&ndisprot_objects_lock);
  }
  return NULL;
}

void ndisprot_device_close(struct object *device) {
  pthread_mutex_lock(&ndisprot_objects_lock);
  device->is_closing = 1;
  pthread_mutex_unlock(&ndisprot_objects_lock);
  if (device->is_overlapped) {
    wake(device);
    if (pthread_equal(device->worker, pthread_self())) pthread_detach(device->worker);
    else pthread_join(device->worker, NULL);
  } else {
    /* A caller may wait in another thread: its wait ends, cancelled. */
    ndisprot_interrupt(device->session);
  }
  end_all(device, STATUS_CANCELLED);
}

/* --- requests */

/* Waits for one request of a device without overlapped I/O, with the session's lock held. */
static void wait_for(struct object *device, struct operation *operation) {
  struct ndisprot_completion done = {.size = sizeof done};
  while (!operation->is_done) {
    int result = ndisprot_reap(device->session, &done, -1);
    if (result == 0) {
      complete(device, &done);
    } else if (result == -EINTR) {
      ndisprot_clear_interrupt(device->session);
      pthread_mutex_lock(&ndisprot_objects_lock);
      int is_closing = device->is_closing, wants_cancel = device->wants_cancel;
      device->wants_cancel = 0;
      pthread_mutex_unlock(&ndisprot_objects_lock);
      if (is_closing) end_all(device, STATUS_CANCELLED);
      else if (wants_cancel) ndisprot_cancel(device->session, operation->id, PATIENCE);
    } else {
      end_all(device, ndisprot_status_of_result(device->session, result));
    }
  }
}

/* The EtherTypes of NDISPROT_ETHERTYPE, as numbers with commas between them; 0 if there are none. */
static unsigned ethertypes_of_environment(uint16_t *types) {
  const char *text = getenv("NDISPROT_ETHERTYPE");
  unsigned count = 0;
  while (text && *text && count < NDISPROT_MAX_ETHERTYPES) {
    char *end;
    unsigned long value = strtoul(text, &end, 0);
    if (end == text || value > 0xFFFF) return 0;
    types[count++] = (uint16_t)value;
    text = *end == ',' ? end + 1 : end;
    if (*end && *end != ',') return 0;
  }
  return count;
}

/* OPEN_DEVICE is for 802.1X; other programs name their EtherTypes in the environment. */
static int open_for_environment(struct object *device, const void *name, size_t size, uint32_t *status) {
  struct ndisprot_options options = {.size = sizeof options, .mode = NDISPROT_EXCLUSIVE, .wait_ms = 4500};
  options.ethertype_count = (uint16_t)ethertypes_of_environment(options.ethertypes);
  if (options.ethertype_count == 0) return 0;
  char text[128];
  const unsigned char *units = name;
  size_t length = 0;
  while (length < size / 2 && length < sizeof text - 1) {
    if (units[2 * length + 1] || units[2 * length] > 0x7E) break; /* not an interface's name */
    text[length] = (char)units[2 * length];
    length++;
  }
  text[length] = 0;
  int result = ndisprot_open(device->session, text, &options);
  *status = result == 0 ? STATUS_SUCCESS : ndisprot_status_of_result(device->session, result);
  return 1;
}

/* Sends a request, and waits for it unless it is overlapped. */
static BOOL request(HANDLE handle, struct operation wanted, DWORD code, const void *in, size_t in_size,
                    LPDWORD count) {
  struct object *device = ndisprot_objects_lookup(handle, DEVICE), *event = NULL;
  if (!device) return FALSE;
  LPOVERLAPPED overlapped = wanted.overlapped;
  DWORD error = 0;
  DWORD needed = wanted.kind == NDISPROT_REQUEST_READ    ? GENERIC_READ
                 : wanted.kind == NDISPROT_REQUEST_WRITE ? GENERIC_WRITE
                                                         : GENERIC_READ | GENERIC_WRITE;
  if ((device->access & needed) != needed) error = ERROR_ACCESS_DENIED;
  else if (device->is_overlapped && !overlapped) error = ERROR_INVALID_PARAMETER;
  else if (wanted.routine && !device->is_overlapped) error = ERROR_INVALID_PARAMETER;
  else if (overlapped && overlapped->hEvent && !wanted.routine) {
    event = ndisprot_objects_lookup((HANDLE)((uintptr_t)overlapped->hEvent & ~(uintptr_t)1), EVENT);
    if (!event) error = ERROR_INVALID_HANDLE;
  }
  struct operation *operation = error ? NULL : malloc(sizeof *operation);
  if (!error && !operation) error = ERROR_NOT_ENOUGH_MEMORY;
  if (error) {
    ndisprot_objects_release(event);
    ndisprot_objects_release(device);
    return ndisprot_fail(error);
  }
  *operation = wanted;
  operation->event = event;
  operation->thread = pthread_self();
  int is_waited_for = !device->is_overlapped;

  pthread_mutex_lock(&device->session_lock);
  pthread_mutex_lock(&ndisprot_objects_lock);
  device->is_set = 0, device->wants_cancel = 0;
  if (event) event->is_set = 0;
  if (overlapped) overlapped->Internal = STATUS_PENDING, overlapped->InternalHigh = 0;
  /* The caller of a device without overlapped I/O owns the operation; its OVERLAPPED is filled below. */
  if (is_waited_for) operation->overlapped = NULL;
  operation->next = device->operations;
  device->operations = operation;
  pthread_mutex_unlock(&ndisprot_objects_lock);

  uint32_t status;
  if (code == OPEN_DEVICE && wanted.kind == NDISPROT_REQUEST_DEVICE_CONTROL &&
      open_for_environment(device, in, in_size, &status)) {
    pthread_mutex_lock(&ndisprot_objects_lock);
    ndisprot_operation_done(device, operation, status, 0);
    pthread_mutex_unlock(&ndisprot_objects_lock);
  } else {
    struct ndisprot_request sent = {.size = sizeof sent, .kind = wanted.kind, .code = code, .in = in,
                                    .in_size = in_size, .out_size = wanted.out_size + (wanted.is_ndis5 ? 4 : 0)};
    uint64_t id = 0;
    int result = ndisprot_submit(device->session, &sent, &id, PATIENCE);
    pthread_mutex_lock(&ndisprot_objects_lock);
    operation->id = id;
    if (result < 0)
      ndisprot_operation_done(device, operation, ndisprot_status_of_result(device->session, result), 0);
    pthread_mutex_unlock(&ndisprot_objects_lock);
  }
  if (is_waited_for) wait_for(device, operation);
  pthread_mutex_unlock(&device->session_lock);

  BOOL result;
  if (is_waited_for) {
    if (count) *count = operation->count;
    if (overlapped) {
      pthread_mutex_lock(&ndisprot_objects_lock);
      overlapped->Internal = operation->status, overlapped->InternalHigh = operation->count;
      if (event) event->is_set = 1;
      pthread_cond_broadcast(&ndisprot_objects_changed);
      pthread_mutex_unlock(&ndisprot_objects_lock);
    }
    /* Success and information are TRUE, also STATUS_TIMEOUT; a warning is FALSE, with its count. */
    result = operation->status < 0x80000000u ? TRUE : ndisprot_fail(ndisprot_error_of_status(operation->status));
    free(operation);
    ndisprot_objects_release(event);
  } else {
    wake(device); /* what came while it was sent lies in the library */
    if (count) *count = 0;
    result = ndisprot_fail(ERROR_IO_PENDING);
  }
  ndisprot_objects_release(device);
  return result;
}

BOOL ndisprot_ReadFile(HANDLE handle, LPVOID buffer, DWORD size, LPDWORD read, LPOVERLAPPED overlapped) {
  struct operation wanted = {.kind = NDISPROT_REQUEST_READ, .out = buffer, .out_size = size,
                             .overlapped = overlapped};
  return request(handle, wanted, 0, NULL, 0, read);
}

BOOL ndisprot_WriteFile(HANDLE handle, LPCVOID buffer, DWORD size, LPDWORD written, LPOVERLAPPED overlapped) {
  struct operation wanted = {.kind = NDISPROT_REQUEST_WRITE, .written = size, .overlapped = overlapped};
  return request(handle, wanted, 0, buffer, size, written);
}

/* Ex: pending is success, and hEvent is the program's own to use. */
static BOOL request_ex(HANDLE handle, struct operation wanted, const void *in, size_t size) {
  if (!wanted.overlapped || !wanted.routine) return ndisprot_fail(ERROR_INVALID_PARAMETER);
  if (request(handle, wanted, 0, in, size, NULL)) return TRUE;
  if (ndisprot_GetLastError() != ERROR_IO_PENDING) return FALSE;
  ndisprot_SetLastError(ERROR_SUCCESS);
  return TRUE;
}

BOOL ndisprot_ReadFileEx(HANDLE handle, LPVOID buffer, DWORD size, LPOVERLAPPED overlapped,
                         LPOVERLAPPED_COMPLETION_ROUTINE routine) {
  struct operation wanted = {.kind = NDISPROT_REQUEST_READ, .out = buffer, .out_size = size,
                             .overlapped = overlapped, .routine = routine};
  return request_ex(handle, wanted, NULL, 0);
}

BOOL ndisprot_WriteFileEx(HANDLE handle, LPCVOID buffer, DWORD size, LPOVERLAPPED overlapped,
                          LPOVERLAPPED_COMPLETION_ROUTINE routine) {
  struct operation wanted = {.kind = NDISPROT_REQUEST_WRITE, .written = size, .overlapped = overlapped,
                             .routine = routine};
  return request_ex(handle, wanted, buffer, size);
}

BOOL ndisprot_DeviceIoControl(HANDLE handle, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
                              LPDWORD returned, LPOVERLAPPED overlapped) {
  struct operation wanted = {.kind = NDISPROT_REQUEST_DEVICE_CONTROL, .out = out, .out_size = out ? out_size : 0,
                             .overlapped = overlapped};
  return request(handle, wanted, code, in, in ? in_size : 0, returned);
}

BOOL ndisprot_DeviceIoControlNdis5(HANDLE handle, DWORD code, LPVOID in, DWORD in_size, LPVOID out,
                                   DWORD out_size, LPDWORD returned, LPOVERLAPPED overlapped) {
  if ((code != QUERY_OID_VALUE && code != SET_OID_VALUE) || !in || in_size < 4)
    return ndisprot_DeviceIoControl(handle, code, in, in_size, out, out_size, returned, overlapped);
  /* A copy of the request with a port between OID and data; it is sent before this returns. */
  unsigned char *copy = malloc((size_t)in_size + 4);
  if (!copy) return ndisprot_fail(ERROR_NOT_ENOUGH_MEMORY);
  memcpy(copy, in, 4);
  memset(copy + 4, 0, 4);
  memcpy(copy + 8, (char *)in + 4, in_size - 4);
  struct operation wanted = {.kind = NDISPROT_REQUEST_DEVICE_CONTROL, .out = out, .out_size = out ? out_size : 0,
                             .overlapped = overlapped, .is_ndis5 = 1};
  BOOL result = request(handle, wanted, code, copy, (size_t)in_size + 4, returned);
  free(copy);
  return result;
}

/* --- the ends of overlapped requests */

BOOL ndisprot_GetOverlappedResult(HANDLE handle, LPOVERLAPPED overlapped, LPDWORD count, BOOL wait) {
  struct object *device = ndisprot_objects_lookup(handle, DEVICE);
  if (!device) return FALSE;
  pthread_mutex_lock(&ndisprot_objects_lock);
  while (wait && overlapped->Internal == STATUS_PENDING) ndisprot_objects_wait(NULL);
  uint32_t status = (uint32_t)overlapped->Internal;
  DWORD moved = (DWORD)overlapped->InternalHigh;
  pthread_mutex_unlock(&ndisprot_objects_lock);
  ndisprot_objects_release(device);
  if (status == STATUS_PENDING) return ndisprot_fail(ERROR_IO_INCOMPLETE);
  if (count) *count = moved;
  return status < 0x80000000u ? TRUE : ndisprot_fail(ndisprot_error_of_status(status));
}

/* Asks for the end of some requests: of one OVERLAPPED, of one thread, or of all. */
static BOOL cancel(HANDLE handle, LPOVERLAPPED overlapped, int own_only) {
  struct object *device = ndisprot_objects_lookup(handle, DEVICE);
  if (!device) return FALSE;
  unsigned found = 0;
  if (!device->is_overlapped) {
    pthread_mutex_lock(&ndisprot_objects_lock);
    if (device->operations && !own_only) device->wants_cancel = 1, found = 1;
    pthread_mutex_unlock(&ndisprot_objects_lock);
    if (found) ndisprot_interrupt(device->session);
  } else {
    pthread_mutex_lock(&device->session_lock);
    /* New ones come under the session's lock alone; old ones may end, whose number then means nothing. */
    pthread_mutex_lock(&ndisprot_objects_lock);
    uint64_t ids[256];
    for (struct operation *each = device->operations; each && found < 256; each = each->next)
      if ((!overlapped || each->overlapped == overlapped) &&
          (!own_only || pthread_equal(each->thread, pthread_self())))
        ids[found++] = each->id;
    pthread_mutex_unlock(&ndisprot_objects_lock);
    for (unsigned i = 0; i < found; i++) ndisprot_cancel(device->session, ids[i], PATIENCE);
    pthread_mutex_unlock(&device->session_lock);
    wake(device);
  }
  ndisprot_objects_release(device);
  return found || own_only ? TRUE : ndisprot_fail(ERROR_NOT_FOUND);
}

BOOL ndisprot_CancelIo(HANDLE handle) { return cancel(handle, NULL, 1); }
BOOL ndisprot_CancelIoEx(HANDLE handle, LPOVERLAPPED overlapped) { return cancel(handle, overlapped, 0); }

/* --- CreateFile */

static int is_alias(const char *name, const char *list) {
  for (size_t length = strlen(name); list && *list;) {
    size_t word = strcspn(list, ",");
    if (word == length && length && !strncasecmp(list, name, length)) return 1;
    list += word + (list[word] == ',');
  }
  return 0;
}

/* \\.\NdisProt in any case and with any number of slashes of either kind; NDISPROT_DEVICE_ALIAS has further
 * names, with commas between them, for programs that gave the driver one of their own. */
static int is_device(const char *name) {
  const char *at = name + strspn(name, "\\/");
  if (at - name < 2 || (*at != '.' && *at != '?')) return 0;
  at++;
  size_t slashes = strspn(at, "\\/");
  if (slashes == 0) return 0;
  at += slashes;
  return !strcasecmp(at, "NdisProt") || is_alias(at, getenv("NDISPROT_DEVICE_ALIAS"));
}

static DWORD error_of_connect(int result) {
  switch (-result) {
    case EACCES:
    case EPERM: return ERROR_ACCESS_DENIED;
    case EUSERS: return ERROR_TOO_MANY_SESS;
    case ENOMEM: return ERROR_NOT_ENOUGH_MEMORY;
    case EMFILE:
    case ENFILE: return ERROR_TOO_MANY_OPEN_FILES;
    case ENOENT:
    case ECONNREFUSED: return ERROR_FILE_NOT_FOUND;
    default: return ERROR_GEN_FAILURE;
  }
}

HANDLE ndisprot_CreateFileA(LPCSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how,
                            DWORD flags, HANDLE like) {
  (void)share, (void)security, (void)how, (void)like;
  HANDLE handle = NULL;
  DWORD error = ERROR_NOT_ENOUGH_MEMORY;
  if (!name || !is_device(name)) return ndisprot_fail(ERROR_FILE_NOT_FOUND), INVALID_HANDLE_VALUE;
  struct object *device = calloc(1, sizeof *device);
  if (!device) return ndisprot_fail(error), INVALID_HANDLE_VALUE;
  device->kind = DEVICE;
  device->access = access | (access & FILE_READ_DATA ? GENERIC_READ : 0) | (access & FILE_WRITE_DATA ? GENERIC_WRITE : 0);
  device->is_overlapped = (flags & FILE_FLAG_OVERLAPPED) != 0;
  device->references = 1;
  device->process = getpid();
  device->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  pthread_mutex_init(&device->session_lock, NULL);
  int result = device->wake < 0 ? -errno : ndisprot_connect(&device->session, NULL, PATIENCE);
  if (result < 0) {
    error = error_of_connect(result);
  } else if (device->is_overlapped && pthread_create(&device->worker, NULL, take_ends, device) != 0) {
    error = ERROR_NO_SYSTEM_RESOURCES;
  } else if (!(handle = ndisprot_objects_add(device))) {
    ndisprot_device_close(device);
  }
  if (handle) return handle;
  ndisprot_objects_release(device);
  ndisprot_fail(error);
  return INVALID_HANDLE_VALUE;
}

HANDLE ndisprot_CreateFileW(LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how,
                            DWORD flags, HANDLE like) {
  char text[MAX_PATH];
  size_t length = 0;
  for (; name && name[length] && length < sizeof text - 1; length++)
    text[length] = name[length] < 0x7F ? (char)name[length] : '?'; /* no device has such a name */
  text[length] = 0;
  return ndisprot_CreateFileA(text, access, share, security, how, flags, like);
}
