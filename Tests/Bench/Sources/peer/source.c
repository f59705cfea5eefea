/* The traffic source: sendmmsg on a packet socket, every frame numbered. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>

int send_frames(const struct options *options) {
  int descriptor = packet_socket(options->interface, 0);
  size_t stride = (options->length + 63) & ~(size_t)63;
  uint8_t *frames = aligned_alloc(64, stride * options->batch);
  struct mmsghdr *messages = calloc(options->batch, sizeof *messages);
  struct iovec *slices = calloc(options->batch, sizeof *slices);
  if (!frames || !messages || !slices) fail("memory");
  for (uint32_t i = 0; i < options->batch; i++) {
    slices[i] = (struct iovec){.iov_base = frames + i * stride, .iov_len = options->length};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &slices[i], .msg_iovlen = 1};
    fill_frame(slices[i].iov_base, options);
  }

  /* Without it a sleep of 20 us takes 70. */
  if (prctl(PR_SET_TIMERSLACK, 1UL) != 0) fail("PR_SET_TIMERSLACK");
  struct pace pace = {.startNanoseconds = nanoseconds_now()};
  uint64_t sent = 0, retries = 0;
  for (uint32_t quota; (quota = sending_quota(options, &pace, sent)) > 0;) {
    for (uint32_t i = 0; i < quota; i++) set_sequence(slices[i].iov_base, sent + i);
    int count = sendmmsg(descriptor, messages, quota, 0);
    if (count > 0) {
      sent += (uint64_t)count;
    } else if (errno == ENOBUFS || errno == EAGAIN || errno == EINTR) {
      retries++;
    } else {
      fail("sendmmsg");
    }
  }
  double elapsed = (double)(nanoseconds_now() - pace.startNanoseconds) * 1e-9;
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"elapsedSeconds\":%.6f,\"retries\":%" PRIu64 "}\n", sent,
         elapsed, retries);
  return 0;
}
