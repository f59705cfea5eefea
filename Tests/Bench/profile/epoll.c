/* valgrind before 3.21 does not know epoll_pwait2(2): the daemon under it waits in milliseconds. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <time.h>

int epoll_pwait2(int epoll, struct epoll_event *events, int count, const struct timespec *time, const sigset_t *mask) {
  return epoll_pwait(epoll, events, count, time ? (int)(time->tv_sec * 1000 + (time->tv_nsec + 999999) / 1000000) : -1, mask);
}
