/* The table of handles, events, and waits for them. */
#include "objects.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* Set up before the first use, since the condition has to count on CLOCK_MONOTONIC. */
pthread_mutex_t ndisprot_objects_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t ndisprot_objects_changed;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&ndisprot_objects_changed, &attributes);
  pthread_condattr_destroy(&attributes);
}

/* --- the table: a handle is (generation << 16 | index + 1) << 2, as those of Windows are multiples of four */

static struct slot {
  struct object *object;
  uint16_t generation;
} *slots;
static size_t slot_count;

HANDLE ndisprot_objects_add(struct object *object) {
  pthread_once(&once, set_up);
  HANDLE handle = NULL;
  pthread_mutex_lock(&ndisprot_objects_lock);
  size_t index = 0;
  while (index < slot_count && slots[index].object) index++;
  if (index == slot_count && slot_count < 0xFFFF) {
    size_t count = slot_count ? slot_count * 2 : 64;
    if (count > 0xFFFF) count = 0xFFFF;
    struct slot *grown = realloc(slots, count * sizeof *slots);
    if (grown) {
      memset(grown + slot_count, 0, (count - slot_count) * sizeof *slots);
      slots = grown, slot_count = count;
    }
  }
  if (index < slot_count) {
    slots[index].object = object;
    object->references = 1;
    handle = (HANDLE)(((uintptr_t)slots[index].generation << 16 | (index + 1)) << 2);
  }
  pthread_mutex_unlock(&ndisprot_objects_lock);
  return handle;
}

/* With the lock held. */
static struct slot *slot_of(HANDLE handle) {
  uintptr_t value = (uintptr_t)handle;
  if (value & 3 || value >> 34) return NULL;
  size_t index = (value >> 2) & 0xFFFF;
  if (index == 0 || index > slot_count) return NULL;
  struct slot *slot = &slots[index - 1];
  return slot->object && slot->generation == (uint16_t)(value >> 18) ? slot : NULL;
}

struct object *ndisprot_objects_lookup(HANDLE handle, enum kind kind) {
  pthread_once(&once, set_up);
  pthread_mutex_lock(&ndisprot_objects_lock);
  struct slot *slot = slot_of(handle);
  struct object *object = slot && (slot->object->kind & kind) ? slot->object : NULL;
  if (object) object->references++;
  pthread_mutex_unlock(&ndisprot_objects_lock);
  if (!object) ndisprot_fail(ERROR_INVALID_HANDLE);
  return object;
}

struct object *ndisprot_objects_remove(HANDLE handle) {
  pthread_once(&once, set_up);
  pthread_mutex_lock(&ndisprot_objects_lock);
  struct slot *slot = slot_of(handle);
  struct object *object = slot ? slot->object : NULL;
  if (slot) slot->object = NULL, slot->generation++;
  pthread_mutex_unlock(&ndisprot_objects_lock);
  return object;
}

void ndisprot_objects_release(struct object *object) {
  if (!object) return;
  pthread_mutex_lock(&ndisprot_objects_lock);
  int is_last = --object->references == 0;
  pthread_mutex_unlock(&ndisprot_objects_lock);
  if (!is_last) return;
  if (object->kind == DEVICE) {
    /* As on Windows, the binding is free when CloseHandle returns: without the round trip the next exclusive
     * open could come before the daemon has heard of the end. A child of fork leaves its parent's alone. */
    if (object->process == getpid()) {
      ndisprot_clear_interrupt(object->session);
      ndisprot_close(object->session);
    }
    ndisprot_free(object->session);
    pthread_mutex_destroy(&object->session_lock);
    close(object->wake);
  }
  free(object);
}

BOOL ndisprot_CloseHandle(HANDLE handle) {
  struct object *object = ndisprot_objects_remove(handle);
  if (!object) return ndisprot_fail(ERROR_INVALID_HANDLE);
  if (object->kind == DEVICE) ndisprot_device_close(object);
  ndisprot_objects_release(object);
  return TRUE;
}

/* --- events */

HANDLE ndisprot_CreateEventA(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCSTR name) {
  (void)security;
  if (name) return ndisprot_fail(ERROR_NOT_SUPPORTED), NULL; /* other processes cannot find it here */
  struct object *event = calloc(1, sizeof *event);
  HANDLE handle = NULL;
  if (event) {
    event->kind = EVENT, event->is_manual = manual != 0, event->is_set = set != 0;
    handle = ndisprot_objects_add(event);
  }
  if (!handle) {
    free(event);
    ndisprot_fail(ERROR_NOT_ENOUGH_MEMORY);
  }
  return handle;
}

HANDLE ndisprot_CreateEventW(LPSECURITY_ATTRIBUTES security, BOOL manual, BOOL set, LPCWSTR name) {
  return ndisprot_CreateEventA(security, manual, set, name ? "" : NULL);
}

static BOOL change_event(HANDLE handle, int is_set) {
  struct object *event = ndisprot_objects_lookup(handle, EVENT);
  if (!event) return FALSE;
  pthread_mutex_lock(&ndisprot_objects_lock);
  event->is_set = is_set;
  if (is_set) pthread_cond_broadcast(&ndisprot_objects_changed);
  pthread_mutex_unlock(&ndisprot_objects_lock);
  ndisprot_objects_release(event);
  return TRUE;
}

BOOL ndisprot_SetEvent(HANDLE handle) { return change_event(handle, 1); }
BOOL ndisprot_ResetEvent(HANDLE handle) { return change_event(handle, 0); }

/* --- waits */

int ndisprot_objects_wait(const struct timespec *deadline) {
  pthread_once(&once, set_up);
  if (!deadline) return pthread_cond_wait(&ndisprot_objects_changed, &ndisprot_objects_lock);
  return pthread_cond_timedwait(&ndisprot_objects_changed, &ndisprot_objects_lock, deadline);
}

/* The moment in so many milliseconds; NULL for INFINITE. */
static struct timespec *deadline_in(DWORD milliseconds, struct timespec *deadline) {
  if (milliseconds == INFINITE) return NULL;
  clock_gettime(CLOCK_MONOTONIC, deadline);
  deadline->tv_sec += milliseconds / 1000;
  deadline->tv_nsec += (long)(milliseconds % 1000) * 1000000;
  if (deadline->tv_nsec >= 1000000000) deadline->tv_sec++, deadline->tv_nsec -= 1000000000;
  return deadline;
}

/* With the lock held: which object ends the wait, count if none; takes what it found. */
static DWORD take(DWORD count, struct object *const *objects, BOOL all) {
  DWORD first = count, ready = 0;
  for (DWORD i = 0; i < count; i++) {
    if (!objects[i]->is_set) continue;
    ready++;
    if (first == count) first = i;
  }
  if (all ? ready < count : first == count) return count;
  for (DWORD i = 0; i < count; i++)
    /* A device stays set until its next operation begins, as an event of manual reset. */
    if ((all || i == first) && objects[i]->kind == EVENT && !objects[i]->is_manual) objects[i]->is_set = 0;
  return all ? 0 : first;
}

DWORD ndisprot_WaitForMultipleObjectsEx(DWORD count, const HANDLE *handles, BOOL all, DWORD milliseconds,
                                        BOOL alertable) {
  struct object *objects[MAXIMUM_WAIT_OBJECTS];
  struct timespec moment, *deadline = deadline_in(milliseconds, &moment);
  if (count == 0 || count > MAXIMUM_WAIT_OBJECTS) return ndisprot_fail(ERROR_INVALID_PARAMETER), WAIT_FAILED;
  for (DWORD i = 0; i < count; i++) {
    objects[i] = ndisprot_objects_lookup(handles[i], (enum kind)(DEVICE | EVENT));
    if (objects[i]) continue;
    while (i--) ndisprot_objects_release(objects[i]);
    return WAIT_FAILED;
  }
  DWORD result = WAIT_TIMEOUT;
  pthread_mutex_lock(&ndisprot_objects_lock);
  for (int over = 0;;) {
    DWORD found = take(count, objects, all);
    if (found < count) {
      result = WAIT_OBJECT_0 + found;
      break;
    }
    if (alertable && ndisprot_run_routines()) {
      result = WAIT_IO_COMPLETION;
      break;
    }
    if (over) break;
    over = ndisprot_objects_wait(deadline) == ETIMEDOUT;
  }
  pthread_mutex_unlock(&ndisprot_objects_lock);
  for (DWORD i = 0; i < count; i++) ndisprot_objects_release(objects[i]);
  return result;
}

DWORD ndisprot_WaitForMultipleObjects(DWORD count, const HANDLE *handles, BOOL all, DWORD milliseconds) {
  return ndisprot_WaitForMultipleObjectsEx(count, handles, all, milliseconds, FALSE);
}

DWORD ndisprot_WaitForSingleObjectEx(HANDLE handle, DWORD milliseconds, BOOL alertable) {
  return ndisprot_WaitForMultipleObjectsEx(1, &handle, FALSE, milliseconds, alertable);
}

DWORD ndisprot_WaitForSingleObject(HANDLE handle, DWORD milliseconds) {
  return ndisprot_WaitForSingleObjectEx(handle, milliseconds, FALSE);
}

DWORD ndisprot_SleepEx(DWORD milliseconds, BOOL alertable) {
  struct timespec moment, *deadline = deadline_in(milliseconds, &moment);
  DWORD result = 0;
  pthread_once(&once, set_up);
  pthread_mutex_lock(&ndisprot_objects_lock);
  for (int over = 0; !over;) {
    if (alertable && ndisprot_run_routines()) {
      result = WAIT_IO_COMPLETION;
      break;
    }
    over = ndisprot_objects_wait(deadline) == ETIMEDOUT;
  }
  pthread_mutex_unlock(&ndisprot_objects_lock);
  return result;
}

void ndisprot_Sleep(DWORD milliseconds) { ndisprot_SleepEx(milliseconds, FALSE); }
