/* Preloaded into a process (LD_PRELOAD), counts its heap allocations where another process can read them.
 *
 * NDISPROT_BENCH_ALLOCATIONS names a file of 8 bytes; it is mapped, and holds the number of calls of malloc, calloc,
 * realloc, posix_memalign, aligned_alloc and memalign so far. Nothing here is for calling. */
#ifndef COUNT_ALLOCATIONS_H
#define COUNT_ALLOCATIONS_H
#endif
