// The clock, and malloc's family counted: an executable's own malloc takes the place of glibc's for
// the whole process, the Swift runtime included.
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "CMeasure.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static atomic_uint_fast64_t allocations;
static const uint8_t *watched;
static size_t watched_count;
static int watched_was_zero = -1;

static void count_one(void) { atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed); }

void *malloc(size_t count) {
  count_one();
  return __libc_malloc(count);
}
void *calloc(size_t count, size_t each) {
  count_one();
  return __libc_calloc(count, each);
}
void *realloc(void *block, size_t count) {
  count_one();
  return __libc_realloc(block, count);
}
void *memalign(size_t alignment, size_t count) {
  count_one();
  return __libc_memalign(alignment, count);
}
void *aligned_alloc(size_t alignment, size_t count) { return memalign(alignment, count); }
int posix_memalign(void **block, size_t alignment, size_t count) {
  *block = memalign(alignment, count);
  return *block == NULL ? ENOMEM : 0;
}

void free(void *block) {
  if (block != NULL && block == watched) {
    watched_was_zero = 1;
    for (size_t i = 0; i < watched_count; i++) {
      if (watched[i] != 0) watched_was_zero = 0;
    }
    watched = NULL;
  }
  __libc_free(block);
}

uint64_t measure_allocation_count(void) { return atomic_load(&allocations); }
void measure_watch(const void *block, size_t count) {
  watched = block;
  watched_count = count;
  watched_was_zero = -1;
}
int measure_watched_was_zero(void) { return watched_was_zero; }

uint64_t measure_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void measure_pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}
