/* Lists the PROFINET stations of a segment, by DCP identify: dcp INTERFACE [SECONDS] */
#include "common.h"

static void print_station(const struct ndisprot_frame *frame, void *unused) {
  const uint8_t *f = frame->data, *at = f + 26, *end = f + frame->length;
  (void)unused;
  /* [frame ID FEFF][service 5][type 1] … blocks [option][suboption][length 2][info 2] value, padded to 2 */
  if (frame->length < 26 || f[14] != 0xFE || f[15] != 0xFF || f[16] != 5 || f[17] != 1) return;
  printf("%02x:%02x:%02x:%02x:%02x:%02x", f[6], f[7], f[8], f[9], f[10], f[11]);
  while (end - at >= 6) {
    long length = at[2] << 8 | at[3];
    if (length < 2 || length > end - at - 4) break;
    if (at[0] == 2 && at[1] == 2) printf(" %.*s", (int)length - 2, (const char *)at + 6); /* name of station */
    at += 4 + length + (length & 1);
  }
  printf("\n");
  fflush(stdout);
}

int main(int argc, char **argv) {
  static const uint8_t group[6] = {0x01, 0x0E, 0xCF, 0, 0, 0};
  /* identify, all stations: [FEFE][5][0][xid 4][response delay 1][length 4][option FF][suboption FF][0] */
  static const uint8_t request[] = {0xFE, 0xFE, 5, 0, 0, 0, 0, 1, 0, 1, 0, 4, 0xFF, 0xFF, 0, 0};
  uint8_t address[6], frame[60] = {0};
  ndisprot *handle = open_for(argc > 1 ? argv[1] : "eth0", 0x8892, address);
  int n, wait_ms = argc > 2 ? atoi(argv[2]) * 1000 : 2000;
  put_header(frame, group, address, 0x8892);
  memcpy(frame + 14, request, sizeof request);
  must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
  while ((n = ndisprot_dispatch(handle, print_station, NULL, wait_ms)) > 0) {}
  if (n != -ETIMEDOUT) must(handle, n);
  ndisprot_free(handle);
  return 0;
}
