/* What the test programs share: a check that says where it failed, and the usual session. */
#ifndef CHECK_H
#define CHECK_H
#include <errno.h>
#include <ndisprot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE 0x88B5

#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

/* Checks the result of a call, and shows the library's sentence if it is another. */
#define GIVES(expected, handle, call)                                                                       \
  do {                                                                                                      \
    long result_ = (long)(call);                                                                            \
    if (result_ != (long)(expected)) {                                                                      \
      fprintf(stderr, "%s:%d: %s gave %ld, expected %ld: %s\n", __FILE__, __LINE__, #call, result_,         \
              (long)(expected), ndisprot_error(handle));                                                    \
      exit(1);                                                                                              \
    }                                                                                                       \
  } while (0)

static const char *interface_name = "np0";

static inline struct ndisprot_options shared_options(void) {
  struct ndisprot_options options = {0};
  options.size = sizeof options;
  options.mode = NDISPROT_SHARED;
  options.wait_ms = 10000;
  options.ethertype_count = 1;
  options.ethertypes[0] = TYPE;
  return options;
}

static inline ndisprot *open_session(void) {
  ndisprot *h;
  struct ndisprot_options options = shared_options();
  GIVES(0, h, ndisprot_connect(&h, NULL, 20000));
  GIVES(0, h, ndisprot_wait(h, &interface_name, 1, 20000));
  GIVES(0, h, ndisprot_open(h, interface_name, &options));
  return h;
}

/* A frame of the open to itself: it comes back without a peer. */
static inline size_t own_frame(ndisprot *h, unsigned char *frame, size_t length, unsigned number) {
  struct ndisprot_grant grant = {0};
  grant.size = sizeof grant;
  GIVES(0, h, ndisprot_grant(h, &grant));
  memset(frame, 0, length);
  memcpy(frame, grant.address, 6);
  memcpy(frame + 6, grant.address, 6);
  frame[12] = TYPE >> 8, frame[13] = TYPE & 0xFF;
  memcpy(frame + 14, &number, sizeof number);
  return length;
}
#endif
