/* Latency over the wire: one frame out, wait for it to come back; and the raw packet socket that sends it back. */
#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

static int ascending(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

/* Waits at most 200 ms for the frame with this number; other frames of the type are late answers. */
static bool wait_for(int descriptor, uint64_t sequence) {
  uint8_t frame[LONGEST_FRAME];
  for (;;) {
    ssize_t count = recv(descriptor, frame, sizeof frame, 0);
    if (count < 0) return false;
    if ((size_t)count < sizeof(struct test_frame)) continue;
    if (((const struct test_frame *)frame)->sequence == sequence) return true;
  }
}

/* What share of the times lies within so many microseconds of the median, in percent; the rest lies beyond. */
static const unsigned jitterMicroseconds[] = {5, 10, 20, 50, 100, 200, 500};

static void print_jitter(const uint64_t *times, uint64_t count) {
  printf(",\"jitterPercents\":[");
  for (size_t i = 0; i < sizeof jitterMicroseconds / sizeof jitterMicroseconds[0]; i++) {
    uint64_t within = 0, limit = jitterMicroseconds[i] * 1000ull, median = times[count / 2];
    for (uint64_t k = 0; k < count; k++) within += times[k] + limit >= median && times[k] <= median + limit;
    printf("%s%.3f", i ? "," : "", 100.0 * (double)within / (double)count);
  }
  printf("]");
}

/* Sleeps until cycle `number` begins; returns at once when that is past. */
static void wait_for_cycle(uint64_t start, uint64_t number, double perSecond) {
  uint64_t due = start + (uint64_t)((double)number / perSecond * 1e9);
  struct timespec time = {.tv_sec = (time_t)(due / 1000000000), .tv_nsec = (long)(due % 1000000000)};
  while (!is_stopped && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {}
}

int ping_frames(const struct options *options) {
  int descriptor = packet_socket(options->interface, options->replyEtherType);
  struct timeval patience = {.tv_usec = 200000};
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) fail("SO_RCVTIMEO");
  uint8_t frame[LONGEST_FRAME];
  fill_frame(frame, options);
  uint64_t *times = malloc((options->count + 1) * sizeof *times);
  if (!times) fail("memory");

  if (prctl(PR_SET_TIMERSLACK, 1UL) != 0) fail("PR_SET_TIMERSLACK");
  uint64_t answered = 0, lost = 0, start = nanoseconds_now();
  for (uint64_t i = 0; i < options->count && lost < 20 && !is_stopped; i++) {
    set_sequence(frame, i);
    if (options->framesPerSecond > 0) wait_for_cycle(start, i, options->framesPerSecond);
    uint64_t sent = nanoseconds_now();
    if ((double)(sent - start) * 1e-9 > options->seconds) break;
    if (send(descriptor, frame, options->length, 0) < 0) fail("send");
    if (wait_for(descriptor, i)) {
      times[answered++] = nanoseconds_now() - sent;
    } else {
      lost++;
    }
  }
  qsort(times, answered, sizeof *times, ascending);
  double p50 = answered ? (double)times[answered / 2] * 1e-3 : 0;
  double p99 = answered ? (double)times[answered * 99 / 100] * 1e-3 : 0;
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"missing\":%" PRIu64
         ",\"p50Microseconds\":%.2f,\"p99Microseconds\":%.2f",
         answered, lost, p50, p99);
  if (answered) print_jitter(times, answered);
  printf("}\n");
  return 0;
}

int reflect_frames(const struct options *options) {
  int descriptor = packet_socket(options->interface, options->etherType);
  uint8_t frame[LONGEST_FRAME];
  const struct ether_addr own = own_address(options->interface);
  uint64_t reflected = 0;
  say_ready();
  while (!is_stopped) {
    if (!wait_readable(descriptor, 200)) continue;
    for (ssize_t count; (count = recv(descriptor, frame, sizeof frame, MSG_DONTWAIT)) > 0;) {
      struct ether_header *header = (struct ether_header *)frame;
      memcpy(header->ether_dhost, header->ether_shost, ETH_ALEN);
      memcpy(header->ether_shost, &own, ETH_ALEN);
      header->ether_type = htons(options->replyEtherType);
      if (send(descriptor, frame, (size_t)count, 0) == count) reflected++;
    }
  }
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 "}\n", reflected);
  return 0;
}
