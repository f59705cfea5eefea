/* Prints what LLDP neighbours announce: lldp INTERFACE [SECONDS_WITHOUT_ONE] */
#include "common.h"

static void print_frame(const struct ndisprot_frame *frame, void *unused) {
  const uint8_t *at = frame->data + 14, *end = frame->data + frame->length;
  (void)unused;
  while (end - at >= 2) { /* [type 7 bits][length 9 bits] value */
    int type = at[0] >> 1, length = (at[0] & 1) << 8 | at[1];
    at += 2;
    if (type == 0 || length > end - at) break;
    if (type == 5) printf("system name %.*s\n", length, (const char *)at);
    if (type == 4) printf("port %.*s\n", length, (const char *)at);
    at += length;
  }
  fflush(stdout);
}

int main(int argc, char **argv) {
  uint8_t address[6];
  ndisprot *handle = open_for(argc > 1 ? argv[1] : "eth0", 0x88CC, address);
  int n;
  must(handle, ndisprot_join(handle, (const uint8_t *)"\x01\x80\xC2\x00\x00\x0E"));
  while ((n = ndisprot_dispatch(handle, print_frame, NULL, argc > 2 ? atoi(argv[2]) * 1000 : -1)) > 0) {}
  if (n != -ETIMEDOUT) must(handle, n);
  ndisprot_free(handle);
  return 0;
}
