// What the libraries are measured with: a clock, a counter of allocations.
#pragma once
#include <stddef.h>
#include <stdint.h>

// CLOCK_MONOTONIC.
uint64_t measure_nanoseconds(void);
// Keeps the calling thread on one processor; best effort.
void measure_pin(int cpu);

// How often this process asked for heap memory so far, through any of malloc's family.
uint64_t measure_allocation_count(void);
// Watches one block: at its release, says whether all `count` bytes were zero.
void measure_watch(const void *block, size_t count);
// 1 when the watched block was zero when it was released, 0 when not, -1 when it was not released.
int measure_watched_was_zero(void);
