/* Asks all addresses of a /24 for theirs: arp INTERFACE A.B.C */
#include "common.h"

static void print_answer(const struct ndisprot_frame *frame, void *unused) {
  const uint8_t *f = frame->data;
  (void)unused;
  if (frame->length < 42 || f[20] != 0 || f[21] != 2) return; /* a reply */
  printf("%d.%d.%d.%d %02x:%02x:%02x:%02x:%02x:%02x\n", f[28], f[29], f[30], f[31], f[22], f[23], f[24], f[25], f[26], f[27]);
  fflush(stdout);
}

int main(int argc, char **argv) {
  static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1}; /* Ethernet, IPv4, lengths, request */
  uint8_t address[6], frame[60] = {0};
  unsigned net[3];
  struct ndisprot_report report = {0};
  int n;
  if (argc != 3 || sscanf(argv[2], "%3u.%3u.%3u", &net[0], &net[1], &net[2]) != 3) return 64;
  ndisprot *handle = open_for(argv[1], 0x0806, address);
  report.size = sizeof report;
  put_header(frame, "\xFF\xFF\xFF\xFF\xFF\xFF", address, 0x0806);
  memcpy(frame + 14, request, sizeof request);
  memcpy(frame + 22, address, 6); /* our address 0.0.0.0: a probe, RFC 5227 */
  for (int host = 1; host < 255; host++) {
    frame[38] = (uint8_t)net[0], frame[39] = (uint8_t)net[1], frame[40] = (uint8_t)net[2], frame[41] = (uint8_t)host;
    must(handle, ndisprot_queue(handle, frame, sizeof frame, 1000));
  }
  must(handle, ndisprot_flush(handle, &report, 5000));
  fprintf(stderr, "%lu asked\n", (unsigned long)report.sent);
  while ((n = ndisprot_dispatch(handle, print_answer, NULL, 1000)) > 0) {}
  if (n != -ETIMEDOUT) must(handle, n);
  ndisprot_free(handle);
  return 0;
}
