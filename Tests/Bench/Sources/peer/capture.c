/* The peer for receiving: a pcap_dispatch loop that counts, in TPACKET_V3 blocks or in immediate mode. */
#define _GNU_SOURCE
#include "peer.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

/* One capture a process: a signal handler has to reach it. */
static struct {
  pcap_t *handle;
  const struct options *options;
  uint64_t frames, bytes, missing, next;
  uint64_t first, last; /* nanoseconds */
  double cpuAtFirst, cpuAtLast;
  volatile bool isReleased;
} capture;

static void release(int signal) {
  (void)signal;
  capture.isReleased = true;
}

/* A blocking pcap_dispatch on TPACKET_V3 does not return without traffic, whatever its timeout: a timer looks. */
static void tick(int signal) {
  (void)signal;
  if (has_ended(capture.last, capture.options)) pcap_breakloop(capture.handle);
}

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
  (void)user;
  const struct test_frame *frame = (const struct test_frame *)bytes;
  if (capture.frames == 0) {
    capture.first = nanoseconds_now();
    capture.cpuAtFirst = cpu_seconds();
  }
  capture.frames++;
  capture.bytes += header->caplen;
  if (header->caplen < sizeof *frame || frame->magic != FRAME_MAGIC) return;
  if (frame->sequence > capture.next) capture.missing += frame->sequence - capture.next;
  capture.next = frame->sequence + 1;
}

pcap_t *open_capture(const struct options *options) {
  char words[PCAP_ERRBUF_SIZE] = "";
  pcap_t *handle = pcap_create(options->interface, words);
  if (!handle) {
    fprintf(stderr, "peer: %s\n", words);
    return NULL;
  }
  pcap_set_snaplen(handle, 65535);
  pcap_set_promisc(handle, 0);
  pcap_set_timeout(handle, (int)options->timeoutMilliseconds);
  pcap_set_immediate_mode(handle, options->immediate);
  pcap_set_buffer_size(handle, (int)options->bufferMebibytes << 20);
  int status = pcap_activate(handle);
  struct bpf_program program;
  char filter[32];
  snprintf(filter, sizeof filter, "ether proto 0x%04x", options->etherType);
  if (status < 0 || pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0 ||
      pcap_setfilter(handle, &program) != 0) {
    fprintf(stderr, "peer: %s: %s\n", options->interface, pcap_geterr(handle));
    return NULL;
  }
  return handle;
}

int capture_frames(const struct options *options) {
  capture.options = options;
  capture.handle = open_capture(options);
  if (!capture.handle) return 2;
  signal(SIGUSR1, release);
  signal(SIGALRM, tick);
  struct itimerval interval = {.it_interval = {.tv_usec = 50000}, .it_value = {.tv_usec = 50000}};
  if (setitimer(ITIMER_REAL, &interval, NULL) != 0) fail("setitimer");

  say_ready();
  while (options->hold && !capture.isReleased && !is_stopped) usleep(1000);
  while (!has_ended(capture.last, options)) {
    int dispatched = pcap_dispatch(capture.handle, -1, count, NULL);
    if (dispatched < 0) break;
    if (dispatched == 0) continue;
    capture.last = nanoseconds_now();
    capture.cpuAtLast = cpu_seconds();
  }

  struct pcap_stat statistics = {0};
  pcap_stats(capture.handle, &statistics);
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"bytes\":%" PRIu64
         ",\"elapsedSeconds\":%.6f,\"cpuSeconds\":%.6f,\"missing\":%" PRIu64 ",\"kernelDrops\":%u}\n",
         capture.frames, capture.bytes, (double)(capture.last - capture.first) * 1e-9,
         capture.cpuAtLast - capture.cpuAtFirst, capture.missing, statistics.ps_drop);
  pcap_close(capture.handle);
  return 0;
}
