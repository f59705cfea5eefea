/* PTP (IEEE 1588, layer 2): one peer delay request, and what it says of the link: ptp_delay INTERFACE.
 *
 * Needs a rule with the EtherType ptp and the rights read, write and join. Receive times are the kernel's;
 * the time of sending is taken in this program, so the result is an upper bound. */
#include "common.h"

enum { REQUEST = 2, RESPONSE = 3, FOLLOW_UP = 10, TWO_STEP = 2, SEQUENCE = 1 };

static int64_t big_endian(const uint8_t *at, int count) {
  uint64_t value = 0;
  while (count-- > 0) value = value << 8 | *at++;
  return (int64_t)value;
}

/* The 10 bytes of a PTP time as nanoseconds. */
static int64_t stamp(const uint8_t *at) { return big_endian(at, 6) * 1000000000 + big_endian(at + 6, 4); }

int main(int argc, char **argv) {
  static const uint8_t group[6] = {0x01, 0x80, 0xC2, 0, 0, 0x0E}; /* bridges do not forward it */
  uint8_t address[6], frame[68] = {0}, answer[1514];
  struct ndisprot_frame about;
  int64_t t2 = -1, t3 = -1, t4 = 0;
  if (argc != 2) usage("ptp_delay INTERFACE");
  ndisprot *handle = open_for(argv[1], 0x88F7, address);
  must(handle, ndisprot_join(handle, group));
  put_header(frame, group, address, 0x88F7);
  frame[14] = REQUEST, frame[15] = 2, frame[17] = 54; /* version 2, bytes of the message */
  memcpy(frame + 34, address, 3);                     /* clock: the address around FFFE */
  frame[37] = 0xFF, frame[38] = 0xFE;
  memcpy(frame + 39, address + 3, 3);
  frame[43] = 1, frame[45] = SEQUENCE, frame[46] = 5, frame[47] = 0x7F; /* port 1 */
  const int64_t t1 = clock_ns(CLOCK_REALTIME), deadline = clock_ns(CLOCK_MONOTONIC) + INT64_C(5000000000);
  must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
  while (t2 < 0 || t3 < 0) {
    ssize_t n = ndisprot_read(handle, answer, sizeof answer, &about, ms_until(deadline));
    must(handle, (int)n);
    if (n < 68 || big_endian(answer + 44, 2) != SEQUENCE) continue;
    if ((answer[14] & 15) == RESPONSE) {
      t2 = stamp(answer + 48), t4 = (int64_t)about.time_ns;
      /* A device of one step answers with the time between in the correction field. */
      if (!(answer[20] & TWO_STEP)) t3 = t2 + (big_endian(answer + 22, 8) >> 16);
    } else if ((answer[14] & 15) == FOLLOW_UP) {
      t3 = stamp(answer + 48);
    }
  }
  printf("link delay at most %.0f ns\n", (double)((t4 - t1) - (t3 - t2)) / 2);
  ndisprot_free(handle);
  return 0;
}
