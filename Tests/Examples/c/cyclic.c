/* A cyclic exchange as field buses have it: cyclic INTERFACE PEER [CYCLES [PERIOD-IN-MS]].
 *
 * Sends a frame each cycle, reads the answer, and prints what the round trip and the jitter of the sending
 * times were. Needs a rule with the EtherType ethercat and the rights read and write. */
#include "common.h"

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_times(const char *name, double *us, long n) {
  if (n == 0) return;
  qsort(us, (size_t)n, sizeof *us, compare);
  printf("%-10s p50 %.0f us, p99 %.0f us, worst %.0f us\n", name, us[n / 2], us[n * 99 / 100], us[n - 1]);
}

int main(int argc, char **argv) {
  uint8_t address[6], peer[6], frame[60] = {0};
  struct ndisprot_frame answers[16];
  const long cycles = argc > 3 ? atol(argv[3]) : 1000;
  const int64_t period = (int64_t)((argc > 4 ? atof(argv[4]) : 1) * 1e6);
  if (argc < 3 || argc > 5 || !parse_address(argv[2], peer) || cycles < 1 || cycles > 10000000 || period < 1)
    usage("cyclic INTERFACE PEER [CYCLES [PERIOD-IN-MS]]");
  double *trips = calloc((size_t)cycles, sizeof *trips), *late = calloc((size_t)cycles, sizeof *late);
  long answered = 0;
  if (!trips || !late) return 1;
  ndisprot *handle = open_for(argv[1], 0x88A4, address);
  put_header(frame, peer, address, 0x88A4);
  int64_t due = clock_ns(CLOCK_MONOTONIC);
  for (int64_t cycle = 0; cycle < cycles; cycle++) {
    due += period;
    struct timespec at = {due / 1000000000, due % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    const int64_t sent = clock_ns(CLOCK_MONOTONIC);
    late[cycle] = (double)(sent - due) / 1e3;
    memcpy(frame + 14, &cycle, sizeof cycle);
    must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
    /* An answer that is late is passed over by its number in a later cycle; the last one gets a second. */
    const int64_t deadline = due + (cycle + 1 < cycles ? period : INT64_C(1000000000));
    for (int is_answered = 0; !is_answered;) {
      int n = ndisprot_read_batch(handle, answers, 16, ms_until(deadline));
      if (n == -ETIMEDOUT || n == -EAGAIN) break;
      must(handle, n);
      for (int i = 0; i < n; i++)
        is_answered |= answers[i].length >= 22 && !memcmp(answers[i].data + 14, &cycle, sizeof cycle);
      if (is_answered) trips[answered++] = (double)(clock_ns(CLOCK_MONOTONIC) - sent) / 1e3;
    }
  }
  print_times("round trip", trips, answered);
  print_times("late by", late, cycles);
  printf("%ld answers, %ld cycles without one\n", answered, cycles - answered);
  ndisprot_free(handle);
  return 0;
}
