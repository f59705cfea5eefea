// What the library is measured against: the C library per segment, and the walk of a linked list
// of buffers as ndis-driver-library does it.
#pragma once
#include <stddef.h>
#include <stdint.h>

// One buffer of a linked list.
struct peer_buffer {
  struct peer_buffer *next;
  size_t byte_count;
  uint8_t *base;
};

// One call of the C library.
void peer_memcpy(void *to, const void *from, size_t count);
void peer_memset(void *to, int byte, size_t count);
int peer_memcmp(const void *left, const void *right, size_t count);

// One call of the C library for each segment of an array.
void peer_read_segments(void *to, const struct peer_buffer *segments, size_t count);
void peer_write_segments(const struct peer_buffer *segments, size_t count, const void *from);
void peer_fill_segments(const struct peer_buffer *segments, size_t count, int byte);

// The walk of a linked list from `offset` on, one callback for each non-empty buffer.
void peer_walk_read(const struct peer_buffer *list, size_t offset, void *to, size_t count);
void peer_walk_write(const struct peer_buffer *list, size_t offset, const void *from, size_t count);
void peer_walk_fill(const struct peer_buffer *list, size_t offset, int byte, size_t count);

// The walk of two lists in pieces cut at the union of their boundaries.
void peer_walk_copy(const struct peer_buffer *to, const struct peer_buffer *from, size_t count);
int peer_walk_equal(const struct peer_buffer *left, const struct peer_buffer *right, size_t count);
