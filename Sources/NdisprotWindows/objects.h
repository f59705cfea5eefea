/* What a HANDLE stands for, and which lock guards what. Not installed.
 *
 * A handle is an index into a table and a generation, so that a stale one is ERROR_INVALID_HANDLE. One lock
 * guards the table, the events and the state of operations; a condition is broadcast when any of that changes.
 * The session of a device is used under the device's own lock, which is never taken under the other. */
#ifndef NDISPROT_OBJECTS_H
#define NDISPROT_OBJECTS_H
#define NDISPROT_WIN32_NO_PRINTF
#include "ndisprot-win32.h"
#include "winerror.h"

#include <pthread.h>
#include <sys/types.h>

#include "ndisprot.h"

enum kind { DEVICE = 1, EVENT = 2 };

/* A request under way. It belongs to its device's list until it is done. */
struct operation {
  struct operation *next;
  uint64_t id;
  uint32_t kind; /* NDISPROT_REQUEST_… */
  void *out;
  size_t out_size;
  DWORD written;           /* of a write: the count when it succeeds */
  int is_ndis5;            /* an OID answer whose port is taken out */
  LPOVERLAPPED overlapped; /* NULL: a caller waits for it */
  struct object *event;    /* retained, or NULL */
  LPOVERLAPPED_COMPLETION_ROUTINE routine;
  pthread_t thread; /* that asked for it */
  int is_done;
  uint32_t status; /* NTSTATUS */
  DWORD count;
};

struct object {
  enum kind kind;
  unsigned references; /* the table's, and one for each call that uses it */
  /* an event */
  int is_manual, is_set;
  /* a device */
  ndisprot *session;
  pthread_mutex_t session_lock; /* guards `session` */
  DWORD access;
  int is_overlapped, is_closing;
  int wants_cancel; /* of a caller that waits on a device without overlapped I/O */
  int wake;         /* an eventfd: the worker has to look again */
  pthread_t worker;
  pid_t process;    /* that opened it; a child of fork has no session of its own */
  struct operation *operations;
};

extern pthread_mutex_t ndisprot_objects_lock;
extern pthread_cond_t ndisprot_objects_changed;

/* The table. `lookup` retains; NULL sets ERROR_INVALID_HANDLE. */
HANDLE ndisprot_objects_add(struct object *object);
struct object *ndisprot_objects_lookup(HANDLE handle, enum kind kind);
struct object *ndisprot_objects_remove(HANDLE handle);
void ndisprot_objects_release(struct object *object);

/* With the lock held: waits until something changed, or the deadline (CLOCK_MONOTONIC, NULL is none). */
int ndisprot_objects_wait(const struct timespec *deadline);

/* The end of a device; and the end of one operation, with the objects' lock held. */
void ndisprot_device_close(struct object *device);
void ndisprot_operation_done(struct object *device, struct operation *operation, uint32_t status, DWORD count);

/* Statuses and errors. */
DWORD ndisprot_error_of_status(uint32_t status);
uint32_t ndisprot_status_of_result(ndisprot *session, int result);
BOOL ndisprot_fail(DWORD error);

/* Whether the calling thread has routines to run, and runs them; with the objects' lock held, which it drops. */
int ndisprot_run_routines(void);
#endif
