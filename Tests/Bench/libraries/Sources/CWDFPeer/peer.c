#include "CWDFPeer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct request {
  struct request *next;
  uint64_t id;
  void (*completed)(struct request *, void *);
  void *context;
};

struct peer_queue {
  pthread_mutex_t mutex;
  struct request *first, **last;
};

struct peer_queue *peer_queue_make(void) {
  struct peer_queue *queue = calloc(1, sizeof *queue);
  if (queue == NULL) return NULL;
  pthread_mutex_init(&queue->mutex, NULL);
  queue->last = &queue->first;
  return queue;
}

void peer_queue_free(struct peer_queue *queue) {
  pthread_mutex_destroy(&queue->mutex);
  free(queue);
}

static void completed(struct request *request, void *sum) { *(uint64_t *)sum += request->id; }

static void enqueue(struct peer_queue *queue, struct request *request) {
  pthread_mutex_lock(&queue->mutex);
  request->next = NULL;
  *queue->last = request;
  queue->last = &request->next;
  pthread_mutex_unlock(&queue->mutex);
}

static struct request *dequeue(struct peer_queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  struct request *request = queue->first;
  if (request != NULL) {
    queue->first = request->next;
    if (queue->first == NULL) queue->last = &queue->first;
  }
  pthread_mutex_unlock(&queue->mutex);
  return request;
}

uint64_t peer_request_lives(struct peer_queue *queue, int count) {
  uint64_t sum = 0;
  for (int i = 0; i < count; i++) {
    struct request *request = malloc(sizeof *request);
    if (request == NULL) return sum;
    *request = (struct request){.id = (uint64_t)i, .completed = completed, .context = &sum};
    enqueue(queue, request);
    struct request *taken = dequeue(queue);
    taken->completed(taken, taken->context);
    free(taken);
  }
  return sum;
}

uint64_t peer_references(int count) {
  static atomic_uint_fast64_t references = 1;
  for (int i = 0; i < count; i++) {
    uint64_t old = atomic_load_explicit(&references, memory_order_relaxed);
    do {
      if (old == 0) return 0;
    } while (!atomic_compare_exchange_weak(&references, &old, old + 1));
    atomic_fetch_sub(&references, 1);
  }
  return atomic_load(&references);
}
