#define _GNU_SOURCE
#include "CountAllocations.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* glibc's own entries: what the names below would have meant without us. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic uint64_t uncounted; /* until the file is mapped, and if it cannot be */
static _Atomic uint64_t *_Atomic counter = &uncounted;

static void count_one(void) {
  atomic_fetch_add_explicit(atomic_load_explicit(&counter, memory_order_acquire), 1, memory_order_relaxed);
}

__attribute__((constructor)) static void map_counter(void) {
  const char *path = getenv("NDISPROT_BENCH_ALLOCATIONS");
  int descriptor = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (descriptor < 0) return;
  void *page = mmap(NULL, sizeof uncounted, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  if (page != MAP_FAILED) atomic_store_explicit(&counter, page, memory_order_release);
}

void *malloc(size_t byteCount) {
  count_one();
  return __libc_malloc(byteCount);
}

void *calloc(size_t count, size_t byteCount) {
  count_one();
  return __libc_calloc(count, byteCount);
}

void *realloc(void *block, size_t byteCount) {
  count_one();
  return __libc_realloc(block, byteCount);
}

void *memalign(size_t alignment, size_t byteCount) {
  count_one();
  return __libc_memalign(alignment, byteCount);
}

void *aligned_alloc(size_t alignment, size_t byteCount) {
  count_one();
  return __libc_memalign(alignment, byteCount);
}

int posix_memalign(void **block, size_t alignment, size_t byteCount) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  count_one();
  void *memory = __libc_memalign(alignment, byteCount);
  if (!memory) return ENOMEM;
  *block = memory;
  return 0;
}
