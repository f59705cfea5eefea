/* The peer without libpcap: recvmmsg on a packet socket, many frames a call, each copied by the kernel. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { CALL_FRAMES = 256, SLOT_BYTES = 2048 };

int receive_frames(const struct options *options) {
  int descriptor = packet_socket(options->interface, options->etherType);
  int room = (int)options->bufferMebibytes << 20;
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) fail("SO_RCVBUFFORCE");
  uint8_t *memory = calloc(CALL_FRAMES, SLOT_BYTES);
  struct mmsghdr *messages = calloc(CALL_FRAMES, sizeof *messages);
  struct iovec *slices = calloc(CALL_FRAMES, sizeof *slices);
  if (!memory || !messages || !slices) fail("memory");
  for (size_t i = 0; i < CALL_FRAMES; i++) {
    slices[i] = (struct iovec){.iov_base = memory + i * SLOT_BYTES, .iov_len = SLOT_BYTES};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &slices[i], .msg_iovlen = 1};
  }

  uint64_t frames = 0, bytes = 0, missing = 0, next = 0, first = 0, last = 0;
  double cpu = 0, cpuAtLast = 0;
  say_ready();
  while (!has_ended(last, options)) {
    if (!wait_readable(descriptor, 50)) continue;
    int count = recvmmsg(descriptor, messages, CALL_FRAMES, MSG_DONTWAIT, NULL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) fail("recvmmsg");
    if (count <= 0) continue;
    last = nanoseconds_now();
    if (first == 0) first = last, cpu = cpu_seconds();
    for (int i = 0; i < count; i++) {
      const struct test_frame *frame = slices[i].iov_base;
      frames++;
      bytes += messages[i].msg_len;
      if (messages[i].msg_len < sizeof *frame || frame->magic != FRAME_MAGIC) continue;
      if (frame->sequence > next) missing += frame->sequence - next;
      next = frame->sequence + 1;
    }
    cpuAtLast = cpu_seconds();
  }
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"bytes\":%" PRIu64
         ",\"elapsedSeconds\":%.6f,\"cpuSeconds\":%.6f,\"missing\":%" PRIu64 "}\n",
         frames, bytes, (double)(last - first) * 1e-9, cpuAtLast - cpu, missing);
  return 0;
}
