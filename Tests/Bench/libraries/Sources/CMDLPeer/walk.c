#include "CMDLPeer.h"

#include <stdlib.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

void peer_memcpy(void *to, const void *from, size_t count) { memcpy(to, from, count); }
void peer_memset(void *to, int byte, size_t count) { memset(to, byte, count); }
int peer_memcmp(const void *left, const void *right, size_t count) {
  return memcmp(left, right, count);
}

void peer_read_segments(void *to, const struct peer_buffer *segments, size_t count) {
  uint8_t *out = to;
  for (size_t i = 0; i < count; i++) {
    memcpy(out, segments[i].base, segments[i].byte_count);
    out += segments[i].byte_count;
  }
}

void peer_write_segments(const struct peer_buffer *segments, size_t count, const void *from) {
  const uint8_t *in = from;
  for (size_t i = 0; i < count; i++) {
    memcpy(segments[i].base, in, segments[i].byte_count);
    in += segments[i].byte_count;
  }
}

void peer_fill_segments(const struct peer_buffer *segments, size_t count, int byte) {
  for (size_t i = 0; i < count; i++) memset(segments[i].base, byte, segments[i].byte_count);
}

typedef void (*visit)(void *context, uint8_t *base, size_t count);

// Skips `offset` bytes, then visits `count` bytes; a list that is too short stops the program, as
// the reference does.
INLINE void walk(const struct peer_buffer *list, size_t offset, size_t count, visit visit,
                 void *context) {
  while (count != 0) {
    if (list == NULL) abort();
    __builtin_prefetch(list->next);
    if (offset >= list->byte_count) {
      offset -= list->byte_count;
    } else {
      size_t piece = list->byte_count - offset;
      if (piece > count) piece = count;
      visit(context, list->base + offset, piece);
      count -= piece;
      offset = 0;
    }
    list = list->next;
  }
}

INLINE void visit_read(void *context, uint8_t *base, size_t count) {
  uint8_t **to = context;
  memcpy(*to, base, count);
  *to += count;
}
INLINE void visit_write(void *context, uint8_t *base, size_t count) {
  const uint8_t **from = context;
  memcpy(base, *from, count);
  *from += count;
}
INLINE void visit_fill(void *context, uint8_t *base, size_t count) {
  memset(base, *(int *)context, count);
}

void peer_walk_read(const struct peer_buffer *list, size_t offset, void *to, size_t count) {
  walk(list, offset, count, visit_read, &to);
}
void peer_walk_write(const struct peer_buffer *list, size_t offset, const void *from,
                     size_t count) {
  walk(list, offset, count, visit_write, &from);
}
void peer_walk_fill(const struct peer_buffer *list, size_t offset, int byte, size_t count) {
  walk(list, offset, count, visit_fill, &byte);
}

struct position {
  const struct peer_buffer *buffer;
  size_t offset;
};

INLINE void normalize(struct position *at) {
  while (at->buffer != NULL && at->offset >= at->buffer->byte_count) {
    at->offset -= at->buffer->byte_count;
    at->buffer = at->buffer->next;
    if (at->buffer != NULL) __builtin_prefetch(at->buffer->next);
  }
}

// Returns 0 when `visit` returned 0 for every piece.
typedef int (*visit_pair)(uint8_t *left, const uint8_t *right, size_t count);
INLINE int walk_pair(struct position left, struct position right, size_t count, visit_pair visit) {
  normalize(&left);
  normalize(&right);
  while (count != 0) {
    if (left.buffer == NULL || right.buffer == NULL) abort();
    size_t piece = left.buffer->byte_count - left.offset;
    size_t other = right.buffer->byte_count - right.offset;
    if (piece > other) piece = other;
    if (piece > count) piece = count;
    int result = visit(left.buffer->base + left.offset, right.buffer->base + right.offset, piece);
    if (result != 0) return result;
    left.offset += piece;
    right.offset += piece;
    count -= piece;
    normalize(&left);
    normalize(&right);
  }
  return 0;
}

INLINE int visit_copy(uint8_t *left, const uint8_t *right, size_t count) {
  memcpy(left, right, count);
  return 0;
}
INLINE int visit_equal(uint8_t *left, const uint8_t *right, size_t count) {
  return memcmp(left, right, count) != 0;
}

void peer_walk_copy(const struct peer_buffer *to, const struct peer_buffer *from, size_t count) {
  struct position left = {to, 0}, right = {from, 0};
  walk_pair(left, right, count, visit_copy);
}
int peer_walk_equal(const struct peer_buffer *left, const struct peer_buffer *right, size_t count) {
  struct position first = {left, 0}, second = {right, 0};
  return walk_pair(first, second, count, visit_equal) == 0;
}
