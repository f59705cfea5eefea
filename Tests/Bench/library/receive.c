/* Receives and counts frames with the C library: receive INTERFACE. Prints one JSON object a line: ready, then a
 * summary once half a second has passed without a frame. */
#include <errno.h>
#include <ndisprot.h>
#include <stdio.h>
#include <time.h>

static unsigned long frames, lost;

static void count(const struct ndisprot_frame *frame, void *context) {
  (void)context;
  frames++;
  lost += frame->lost_before;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(int argc, char **argv) {
  ndisprot *port;
  struct ndisprot_options options = {.size = sizeof options, .mode = NDISPROT_SHARED, .wait_ms = 5000,
                                     .ethertype_count = 1, .ethertypes = {0x88B5}};
  double first = 0, last = 0;
  if (argc != 2) return 64;
  int n = ndisprot_connect(&port, NULL, 5000);
  if (n >= 0) n = ndisprot_open(port, argv[1], &options);
  if (n >= 0) n = ndisprot_dispatch(port, count, NULL, 0); /* pends the reads */
  if (n == -EAGAIN) {
    printf("{\"event\":\"ready\"}\n");
    fflush(stdout);
    while ((n = ndisprot_dispatch(port, count, NULL, frames ? 500 : 10000)) > 0) {
      last = now();
      if (first == 0) first = last;
    }
  }
  if (n != -ETIMEDOUT) return fprintf(stderr, "%s\n", ndisprot_error(port)), 1;
  printf("{\"event\":\"summary\",\"frames\":%lu,\"elapsedSeconds\":%.6f,\"missing\":%lu}\n", frames, last - first, lost);
  ndisprot_free(port);
  return 0;
}
