/* What the examples share: open an interface for one EtherType, and end with the library's sentence. */
#ifndef COMMON_H
#define COMMON_H
#include <errno.h>
#include <ndisprot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program if a call failed. */
static inline int must(ndisprot *handle, int result) {
  if (result >= 0) return result;
  fprintf(stderr, "%s\n", *ndisprot_error(handle) ? ndisprot_error(handle) : ndisprot_strerror(result));
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
  must(handle, ndisprot_open(handle, name, &options));
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
#endif
