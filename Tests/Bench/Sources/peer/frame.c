/* Frames, clocks and the packet socket: what more than one role needs. */
#define _GNU_SOURCE
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

volatile bool is_stopped;

uint64_t nanoseconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

double cpu_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void fail(const char *operation) {
  fprintf(stderr, "peer: %s: %s\n", operation, strerror(errno));
  exit(2);
}

void say_ready(void) {
  puts("{\"event\":\"ready\"}");
  fflush(stdout);
}

int packet_socket(const char *interface, uint16_t protocol) {
  int descriptor = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(protocol));
  if (descriptor < 0) fail("socket(AF_PACKET)");
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET,
      .sll_protocol = htons(protocol),
      .sll_ifindex = (int)if_nametoindex(interface),
  };
  if (address.sll_ifindex == 0) fail(interface);
  if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("bind");
  return descriptor;
}

struct ether_addr own_address(const char *interface) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0 || ioctl(descriptor, SIOCGIFHWADDR, &request) != 0) fail("SIOCGIFHWADDR");
  close(descriptor);
  struct ether_addr address;
  memcpy(&address, request.ifr_hwaddr.sa_data, ETH_ALEN);
  return address;
}

void fill_frame(uint8_t *frame, const struct options *options) {
  const struct ether_addr source = own_address(options->interface);
  memset(frame, 0x5a, options->length);
  struct test_frame *header = (struct test_frame *)frame;
  memcpy(header->ethernet.ether_dhost, &options->destination, ETH_ALEN);
  memcpy(header->ethernet.ether_shost, &source, ETH_ALEN);
  header->ethernet.ether_type = htons(options->etherType);
  header->magic = FRAME_MAGIC;
  header->sequence = 0;
}

void set_sequence(uint8_t *frame, uint64_t sequence) { ((struct test_frame *)frame)->sequence = sequence; }

uint32_t sending_quota(const struct options *options, struct pace *pace, uint64_t sent) {
  if (sent >= options->count) return 0;
  uint64_t left = options->count - sent;
  uint32_t batch = left < options->batch ? (uint32_t)left : options->batch;
  bool isPaced = options->framesPerSecond > 0;
  /* At full speed the clock is looked at once in a while only: a look costs a fiftieth of a send. */
  if (!isPaced && pace->calls++ % 64 != 0) return is_stopped ? 0 : batch;
  while (!is_stopped) {
    double elapsed = (double)(nanoseconds_now() - pace->startNanoseconds) * 1e-9;
    if (elapsed > options->seconds) return 0;
    if (!isPaced) return batch;
    double early = (double)(sent + batch) / options->framesPerSecond - elapsed;
    if (early <= 0) return batch;
    /* Asleep, and not in a loop: whoever else has this core is to find it free. */
    struct timespec rest = {.tv_sec = (time_t)early, .tv_nsec = (long)((early - (double)(time_t)early) * 1e9)};
    nanosleep(&rest, NULL);
  }
  return 0;
}

bool has_ended(uint64_t last, const struct options *options) {
  if (is_stopped) return true;
  return last != 0 && (double)(nanoseconds_now() - last) * 1e-9 > options->idleSeconds;
}

bool wait_readable(int descriptor, int milliseconds) {
  struct pollfd entry = {.fd = descriptor, .events = POLLIN};
  return poll(&entry, 1, milliseconds) > 0;
}
