/* What the examples share: open an interface for one EtherType, addresses as text, the library's sentences. */
#ifndef COMMON_H
#define COMMON_H
#include <errno.h>
#include <inttypes.h>
#include <ndisprot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ends the program if a call failed. */
static inline int must(ndisprot *handle, int result) {
  if (result >= 0) return result;
  fprintf(stderr, "%s\n", *ndisprot_error(handle) ? ndisprot_error(handle) : ndisprot_strerror(result));
  exit(1);
}

/* Ends the program and says how it is called. */
static inline void usage(const char *text) {
  fprintf(stderr, "%s\n", text);
  exit(1);
}

/* Opens an interface, shared, for one EtherType; stores its address. */
static inline ndisprot *open_for(const char *name, uint16_t ethertype, uint8_t address[6]) {
  ndisprot *handle;
  struct ndisprot_options options = {0};
  struct ndisprot_grant grant = {0};
  options.size = sizeof options, grant.size = sizeof grant;
  options.mode = NDISPROT_SHARED, options.flags = NDISPROT_NO_LOOPBACK;
  options.ethertype_count = 1, options.ethertypes[0] = ethertype;
  must(handle, ndisprot_connect(&handle, NULL, 5000));
  const int opened = ndisprot_open(handle, name, &options);
  if (opened < 0) fprintf(stderr, "%s: ", name);
  must(handle, opened);
  must(handle, ndisprot_grant(handle, &grant));
  memcpy(address, grant.address, 6);
  return handle;
}

/* Fills the 14 bytes in front of a payload. */
static inline void put_header(uint8_t *frame, const void *to, const uint8_t *from, uint16_t ethertype) {
  memcpy(frame, to, 6);
  memcpy(frame + 6, from, 6);
  frame[12] = (uint8_t)(ethertype >> 8), frame[13] = (uint8_t)ethertype;
}

/* An address of colons and hexadecimal digits; 0 if it is none. */
static inline int parse_address(const char *text, uint8_t address[6]) {
  uint8_t *a = address;
  int end = 0;
  sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%n", a, a + 1, a + 2, a + 3, a + 4, a + 5, &end);
  return end > 0 && !text[end];
}

/* An address as text, until the next call. */
static inline const char *address_text(const uint8_t *a) {
  static char text[18];
  snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
  return text;
}

/* Nanoseconds of a clock. */
static inline int64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Milliseconds until a time of CLOCK_MONOTONIC, at least 0. */
static inline int ms_until(int64_t deadline_ns) {
  int64_t left = (deadline_ns - clock_ns(CLOCK_MONOTONIC) + 999999) / 1000000;
  return left > 0 ? (int)left : 0;
}
#endif
