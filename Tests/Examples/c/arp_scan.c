/* Answers to ARP on this link: arp_scan INTERFACE OWN-ADDRESS NETWORK, as 10.0.0.5 10.0.0.0/24.
 *
 * Needs a rule with the EtherType arp and the rights read and write. */
#include "common.h"

#include <arpa/inet.h>

static uint32_t first, last;
static uint8_t seen[65536];

static void print_answer(const struct ndisprot_frame *frame, void *unused) {
  const uint8_t *f = frame->data;
  uint32_t sender;
  (void)unused;
  if (frame->length < 42 || f[20] != 0 || f[21] != 2) return; /* a reply */
  memcpy(&sender, f + 28, 4);
  sender = ntohl(sender);
  if (sender < first || sender > last || seen[sender - first]++) return;
  printf("%d.%d.%d.%d %s\n", f[28], f[29], f[30], f[31], address_text(f + 22));
  fflush(stdout);
}

int main(int argc, char **argv) {
  static const uint8_t request[] = {0, 1, 8, 0, 6, 4, 0, 1}; /* Ethernet, IPv4, lengths, request */
  uint8_t address[6], frame[60] = {0};
  struct in_addr own, network;
  struct ndisprot_report report = {0};
  char text[16];
  unsigned bits;
  int n;
  if (argc != 4 || !inet_aton(argv[2], &own) || sscanf(argv[3], "%15[0-9.]/%u", text, &bits) != 2 ||
      !inet_aton(text, &network) || bits < 16 || bits > 30)
    usage("arp_scan INTERFACE OWN-ADDRESS NETWORK, as 10.0.0.5 10.0.0.0/24; from /16 to /30");
  first = ntohl(network.s_addr) + 1, last = first + (1u << (32 - bits)) - 3;

  ndisprot *handle = open_for(argv[1], 0x0806, address);
  put_header(frame, "\xFF\xFF\xFF\xFF\xFF\xFF", address, 0x0806);
  memcpy(frame + 14, request, sizeof request);
  memcpy(frame + 22, address, 6);
  memcpy(frame + 28, &own, 4);
  for (uint32_t host = first; host <= last; host++) {
    uint32_t target = htonl(host);
    memcpy(frame + 38, &target, 4);
    must(handle, ndisprot_queue(handle, frame, sizeof frame, 1000));
  }
  report.size = sizeof report;
  must(handle, ndisprot_flush(handle, &report, 5000));
  if (report.failed) fprintf(stderr, "%" PRIu64 " not sent: %s\n", report.failed, ndisprot_strerror(report.first_error));
  int64_t deadline = clock_ns(CLOCK_MONOTONIC) + INT64_C(1000000000);
  while ((n = ndisprot_dispatch(handle, print_answer, NULL, ms_until(deadline))) > 0) {}
  if (n != -ETIMEDOUT && n != -EAGAIN) must(handle, n);
  ndisprot_free(handle);
  return 0;
}
