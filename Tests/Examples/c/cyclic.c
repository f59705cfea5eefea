/* Exchanges a frame every millisecond and prints how late the answers were: cyclic INTERFACE PEER_MAC CYCLES */
#include "common.h"

#include <time.h>

static double since(const struct timespec *then) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - then->tv_sec) * 1e6 + (double)(now.tv_nsec - then->tv_nsec) / 1e3;
}

int main(int argc, char **argv) {
  uint8_t address[6], peer[6], frame[60] = {0};
  unsigned octets[6];
  struct ndisprot_frame answers[16];
  struct timespec next;
  int cycles = argc > 3 ? atoi(argv[3]) : 1000, answered = 0;
  double worst = 0, sum = 0;
  if (argc < 3 || sscanf(argv[2], "%2x:%2x:%2x:%2x:%2x:%2x", &octets[0], &octets[1], &octets[2], &octets[3], &octets[4],
                         &octets[5]) != 6)
    return 64;
  for (int i = 0; i < 6; i++) peer[i] = (uint8_t)octets[i];
  ndisprot *handle = open_for(argv[1], 0x88B5, address);
  put_header(frame, peer, address, 0x88B5);
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (uint32_t cycle = 0; cycle < (uint32_t)cycles; cycle++) {
    struct timespec start;
    next.tv_nsec += 1000000;
    if (next.tv_nsec >= 1000000000) next.tv_sec++, next.tv_nsec -= 1000000000;
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    memcpy(frame + 14, &cycle, sizeof cycle);
    clock_gettime(CLOCK_MONOTONIC, &start);
    must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
    int n = ndisprot_read_batch(handle, answers, 16, 1); /* what is not here in a millisecond is missed */
    if (n == -ETIMEDOUT) continue;
    must(handle, n);
    double took = since(&start);
    for (int i = 0; i < n; i++) answered += !memcmp(answers[i].data + 14, &cycle, sizeof cycle);
    sum += took, worst = took > worst ? took : worst;
  }
  printf("%d of %d answered in time, mean %.0f us, worst %.0f us\n", answered, cycles, sum / (cycles ? cycles : 1), worst);
  ndisprot_free(handle);
  return 0;
}
