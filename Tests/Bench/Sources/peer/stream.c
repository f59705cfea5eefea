/* The peer for a hop between processes: one captures, stages frames, and writes them to a stream socket; the
 * other reads and counts them. What a C programmer would write in an afternoon in the daemon's place. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STAGE_BYTES = 256 << 10, STAGE_FRAMES = 512 };

/* [length u32][zero u32][frame, padded to 8] one behind the other. */
static struct {
  int socket;
  size_t used;
  uint32_t frames;
  uint64_t last;
  double *cpuSeconds; /* shared with the reader */
  _Alignas(64) uint8_t bytes[STAGE_BYTES];
} stage;

static void flush_stage(void) {
  for (size_t sent = 0; sent < stage.used;) {
    ssize_t count = write(stage.socket, stage.bytes + sent, stage.used - sent);
    if (count < 0 && errno != EINTR) fail("write");
    if (count > 0) sent += (size_t)count;
  }
  stage.used = 0;
  stage.frames = 0;
}

static void put(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
  (void)user;
  size_t byteCount = 8 + ((header->caplen + 7) & ~7u);
  if (stage.used + byteCount > STAGE_BYTES || stage.frames == STAGE_FRAMES) flush_stage();
  uint32_t lengths[2] = {header->caplen, 0};
  memcpy(stage.bytes + stage.used, lengths, sizeof lengths);
  memcpy(stage.bytes + stage.used + 8, bytes, header->caplen);
  stage.used += byteCount;
  stage.frames++;
}

static int read_frames(int socket) {
  uint8_t *buffer = aligned_alloc(64, STAGE_BYTES);
  if (!buffer) fail("memory");
  uint64_t frames = 0, bytes = 0, missing = 0, next = 0, first = 0, last = 0;
  double cpu = 0;
  size_t held = 0;
  for (ssize_t count; (count = read(socket, buffer + held, STAGE_BYTES - held)) != 0;) {
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail("read");
    last = nanoseconds_now();
    if (first == 0) first = last, cpu = cpu_seconds();
    held += (size_t)count;
    size_t at = 0;
    for (uint32_t length; held - at >= 8; at += 8 + ((length + 7) & ~7u)) {
      memcpy(&length, buffer + at, sizeof length);
      if (held - at < 8 + ((length + 7) & ~7u)) break;
      const struct test_frame *frame = (const struct test_frame *)(buffer + at + 8);
      frames++;
      bytes += length;
      if (length < sizeof *frame || frame->magic != FRAME_MAGIC) continue;
      if (frame->sequence > next) missing += frame->sequence - next;
      next = frame->sequence + 1;
    }
    memmove(buffer, buffer + at, held - at);
    held -= at;
    last = nanoseconds_now();
  }
  cpu = cpu_seconds() - cpu + *stage.cpuSeconds;
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"bytes\":%" PRIu64
         ",\"elapsedSeconds\":%.6f,\"lastNanoseconds\":%" PRIu64 ",\"cpuSeconds\":%.6f,\"missing\":%" PRIu64 "}\n",
         frames, bytes, (double)(last - first) * 1e-9, last, cpu, missing);
  return 0;
}

int stream_frames(const struct options *options) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) fail("socketpair");
  stage.cpuSeconds = mmap(NULL, sizeof(double), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (stage.cpuSeconds == MAP_FAILED) fail("mmap");
  pid_t reader = fork();
  if (reader < 0) fail("fork");
  if (reader == 0) {
    close(ends[0]);
    return read_frames(ends[1]);
  }
  close(ends[1]);
  stage.socket = ends[0];
  pcap_t *handle = open_capture(options);
  if (!handle) return 2;
  char words[PCAP_ERRBUF_SIZE];
  if (pcap_setnonblock(handle, 1, words) != 0) fail(words);

  say_ready();
  double cpu = cpu_seconds();
  while (!has_ended(stage.last, options)) {
    if (!wait_readable(pcap_get_selectable_fd(handle), 50)) continue;
    if (pcap_dispatch(handle, -1, put, NULL) <= 0) continue;
    flush_stage();
    stage.last = nanoseconds_now();
    *stage.cpuSeconds = cpu_seconds() - cpu;
  }
  pcap_close(handle);
  close(stage.socket);
  int status;
  return waitpid(reader, &status, 0) == reader && status == 0 ? 0 : 2;
}
