/* The peer for transmitting: pcap_inject, one frame a call, as a root's own program would send. */
#define _GNU_SOURCE
#include "peer.h"

#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

int inject_frames(const struct options *options) {
  char words[PCAP_ERRBUF_SIZE] = "";
  pcap_t *handle = pcap_create(options->interface, words);
  if (!handle) {
    fprintf(stderr, "peer: %s\n", words);
    return 2;
  }
  pcap_set_snaplen(handle, 65535);
  pcap_set_timeout(handle, 100);
  pcap_set_buffer_size(handle, 2 << 20);
  int status = pcap_activate(handle);
  if (status < 0) {
    fprintf(stderr, "peer: pcap_activate: %s %s\n", pcap_statustostr(status), pcap_geterr(handle));
    return 2;
  }

  uint8_t *frame = malloc(options->length);
  if (!frame) fail("memory");
  fill_frame(frame, options);
  struct pace pace = {.startNanoseconds = nanoseconds_now()};
  uint64_t sent = 0, refused = 0;
  double cpu = cpu_seconds();
  for (uint32_t quota; refused < 1000 && (quota = sending_quota(options, &pace, sent)) > 0;) {
    for (; quota > 0; quota--) {
      set_sequence(frame, sent);
      if (pcap_inject(handle, frame, options->length) == (int)options->length) {
        sent++;
      } else {
        refused++;
        break;
      }
    }
  }
  cpu = cpu_seconds() - cpu;
  double elapsed = (double)(nanoseconds_now() - pace.startNanoseconds) * 1e-9;
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64
         ",\"elapsedSeconds\":%.6f,\"cpuSeconds\":%.6f,\"refused\":%" PRIu64 "}\n",
         sent, elapsed, cpu, refused);
  pcap_close(handle);
  return 0;
}
