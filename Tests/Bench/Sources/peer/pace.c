/* Files to send again, and how exactly their frames arrive. */
#define _GNU_SOURCE
#include "peer.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pcap file of numbered frames on standard output, their times as far apart as the rate says. */
int write_file(const struct options *options) {
  pcap_t *handle = pcap_open_dead_with_tstamp_precision(DLT_EN10MB, 65535, PCAP_TSTAMP_PRECISION_NANO);
  pcap_dumper_t *file = handle ? pcap_dump_fopen(handle, stdout) : NULL;
  uint8_t *frame = calloc(1, options->length);
  if (!file || !frame) fail("a file");
  fill_frame(frame, options);
  double interval = options->framesPerSecond > 0 ? 1e9 / options->framesPerSecond : 1000;
  for (uint64_t i = 0; i < options->count; i++) {
    uint64_t time = (uint64_t)((double)i * interval);
    struct pcap_pkthdr header = {.caplen = options->length, .len = options->length};
    /* With nanoseconds the field for microseconds holds them. */
    header.ts.tv_sec = 1000000000 + (time_t)(time / 1000000000);
    header.ts.tv_usec = (suseconds_t)(time % 1000000000);
    set_sequence(frame, i);
    pcap_dump((u_char *)file, &header, frame);
  }
  if (pcap_dump_flush(file) != 0) fail("write");
  return 0;
}

static int compare(const void *left, const void *right) {
  int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
  return a < b ? -1 : a > b;
}

/* How much later than at a steady rate frames arrive, by the kernel's time stamps; the punctual one sets the clock. */
int measure_pace(const struct options *options) {
  pcap_t *handle = open_capture(options);
  if (!handle) return 2;
  int64_t *offsets = calloc(options->count, sizeof *offsets);
  if (!offsets) fail("memory");
  char words[PCAP_ERRBUF_SIZE] = "";
  if (pcap_setnonblock(handle, 1, words) != 0) fail(words);
  say_ready();
  uint64_t count = 0, last = 0;
  while (count < options->count && !has_ended(last, options)) {
    struct pcap_pkthdr *header;
    const u_char *bytes;
    int status = pcap_next_ex(handle, &header, &bytes);
    if (status < 0) break;
    if (status == 0) {
      wait_readable(pcap_get_selectable_fd(handle), 10);
      continue;
    }
    last = nanoseconds_now();
    const struct test_frame *frame = (const struct test_frame *)bytes;
    if (header->caplen < sizeof *frame || frame->magic != FRAME_MAGIC) continue;
    int64_t arrival = (int64_t)header->ts.tv_sec * 1000000000 + (int64_t)header->ts.tv_usec * 1000;
    offsets[count++] = arrival - (int64_t)((double)frame->sequence / options->framesPerSecond * 1e9);
  }
  if (count == 0) return 2;
  qsort(offsets, count, sizeof *offsets, compare);
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64
         ",\"p50Microseconds\":%.3f,\"p99Microseconds\":%.3f,\"worstMicroseconds\":%.3f}\n",
         count, (double)(offsets[count / 2] - offsets[0]) * 1e-3,
         (double)(offsets[count * 99 / 100] - offsets[0]) * 1e-3, (double)(offsets[count - 1] - offsets[0]) * 1e-3);
  pcap_close(handle);
  return 0;
}
