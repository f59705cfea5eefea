/* PROFINET devices on this link: dcp_identify INTERFACE [SECONDS], by a DCP identify-all.
 *
 * Needs a rule with the EtherType profinet and the rights read and write. */
#include "common.h"

static void print_station(const struct ndisprot_frame *frame, void *unused) {
  const uint8_t *f = frame->data, *at = f + 26, *end = f + frame->length, *ip = (const uint8_t *)"\0\0\0";
  const char *name = "-";
  int name_length = 1;
  (void)unused;
  /* [frame ID FEFF][service 5][type 1][transaction 4][zero 2][length 2], then blocks
   * [option][suboption][length 2][info 2] value, filled up to an even length */
  if (frame->length < 26 || f[14] != 0xFE || f[15] != 0xFF || memcmp(f + 18, "\0\0\x4E\x44", 4)) return;
  if ((f[24] << 8 | f[25]) < end - at) end = at + (f[24] << 8 | f[25]);
  while (end - at >= 6) {
    int length = at[2] << 8 | at[3];
    if (length < 2 || length > end - at - 4) break;
    if (at[0] == 2 && at[1] == 2 && length > 2) name = (const char *)at + 6, name_length = length - 2;
    if (at[0] == 1 && at[1] == 2 && length >= 6) ip = at + 6;
    if (end - at - 4 < length + (length & 1)) break;
    at += 4 + length + (length & 1);
  }
  printf("%s %.*s %d.%d.%d.%d\n", address_text(f + 6), name_length, name, ip[0], ip[1], ip[2], ip[3]);
  fflush(stdout);
}

int main(int argc, char **argv) {
  static const uint8_t group[6] = {0x01, 0x0E, 0xCF, 0, 0, 0};
  /* identify, all stations: [FEFE][5][0][transaction 4][response delay 1][length 4][option FF][suboption FF][0] */
  static const uint8_t request[] = {0xFE, 0xFE, 5, 0, 0, 0, 0x4E, 0x44, 0, 1, 0, 4, 0xFF, 0xFF, 0, 0};
  uint8_t address[6], frame[60] = {0};
  int n;
  if (argc < 2 || argc > 3) usage("dcp_identify INTERFACE [SECONDS]");
  ndisprot *handle = open_for(argv[1], 0x8892, address);
  put_header(frame, group, address, 0x8892);
  memcpy(frame + 14, request, sizeof request);
  must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
  int64_t deadline = clock_ns(CLOCK_MONOTONIC) + (int64_t)((argc > 2 ? atof(argv[2]) : 1.5) * 1e9);
  while ((n = ndisprot_dispatch(handle, print_station, NULL, ms_until(deadline))) > 0) {}
  if (n != -ETIMEDOUT && n != -EAGAIN) must(handle, n);
  ndisprot_free(handle);
  return 0;
}
