/* One small request and its answer between two processes, on a socket as the daemon's: nothing is decoded, nothing kept. The
 * one that answers waits in epoll, as whoever has many clients must. */
#define _GNU_SOURCE
#include "peer.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Bytes of an OID query, header included, of its answer, and of the room that both sides offer. */
enum { REQUEST_LENGTH = 48, ANSWER_LENGTH = 52, ROOM = 128 << 10 };

static int ascending(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
  return (a > b) - (a < b);
}

static _Noreturn void answer_requests(int descriptor) {
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
  char *room = malloc(ROOM);
  if (epoll < 0 || !room || epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) _exit(1);
  while (epoll_wait(epoll, &event, 1, -1) == 1) {
    if (recv(descriptor, room, ROOM, MSG_DONTWAIT) <= 0) break;
    if (send(descriptor, room, ANSWER_LENGTH, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) _exit(1);
  }
  _exit(0);
}

int exchange_requests(const struct options *options) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
  pid_t server = fork();
  if (server < 0) fail("fork");
  if (server == 0) {
    close(ends[1]);
    answer_requests(ends[0]);
  }
  close(ends[0]);
  char *room = calloc(1, ROOM);
  uint64_t *times = malloc((options->count + 1) * sizeof *times);
  if (!room || !times) fail("memory");
  uint64_t answered = 0, start = nanoseconds_now();
  while (answered < options->count && !is_stopped) {
    uint64_t asked = nanoseconds_now();
    if ((double)(asked - start) * 1e-9 > options->seconds) break;
    if (send(ends[1], room, REQUEST_LENGTH, MSG_NOSIGNAL) < 0) fail("send");
    if (recv(ends[1], room, ROOM, 0) <= 0) fail("recv");
    times[answered++] = nanoseconds_now() - asked;
  }
  close(ends[1]);
  int status;
  if (waitpid(server, &status, 0) != server || status != 0) fail("the one that answers");
  qsort(times, answered, sizeof *times, ascending);
  double p50 = answered ? (double)times[answered / 2] * 1e-3 : 0;
  double p99 = answered ? (double)times[answered * 99 / 100] * 1e-3 : 0;
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"p50Microseconds\":%.2f,\"p99Microseconds\":%.2f}\n", answered, p50,
         p99);
  return 0;
}
