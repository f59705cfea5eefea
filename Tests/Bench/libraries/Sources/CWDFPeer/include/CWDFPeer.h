// What the framework is measured against: the least that a C program does for a request, and for a
// reference.
#pragma once
#include <stdint.h>

struct peer_queue;

struct peer_queue *peer_queue_make(void);
void peer_queue_free(struct peer_queue *queue);

// A request's whole life, `count` times: allocate, enqueue under a mutex, dequeue under it, call
// back, free. The sum of the identifiers that were called back.
uint64_t peer_request_lives(struct peer_queue *queue, int count);

// An atomic counter that refuses at zero, taken and left `count` times.
uint64_t peer_references(int count);
