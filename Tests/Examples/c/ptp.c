/* Asks a PTP peer for the delay of the link and prints how long the answer took: ptp INTERFACE */
#include "common.h"

#include <time.h>

int main(int argc, char **argv) {
  static const uint8_t group[6] = {0x01, 0x80, 0xC2, 0, 0, 0x0E}; /* peer delay is not forwarded */
  uint8_t address[6], frame[68] = {0}, answer[1514];
  struct ndisprot_frame about;
  struct timespec now;
  ndisprot *handle = open_for(argc > 1 ? argv[1] : "eth0", 0x88F7, address);
  must(handle, ndisprot_join(handle, group));
  put_header(frame, group, address, 0x88F7);
  frame[14] = 2, frame[15] = 2; /* Pdelay_Req, version 2 */
  frame[17] = 54;               /* bytes of the message */
  memcpy(frame + 34, address, 3);
  frame[37] = 0xFF, frame[38] = 0xFE;
  memcpy(frame + 39, address + 3, 3);
  frame[43] = 1, frame[45] = 7, frame[46] = 5, frame[47] = 0x7F; /* port 1, sequence 7 */
  clock_gettime(CLOCK_REALTIME, &now);
  must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
  for (;;) {
    ssize_t n = ndisprot_read(handle, answer, sizeof answer, &about, 5000);
    must(handle, (int)n);
    if (n < 68 || (answer[14] & 15) != 3 || answer[44] != 0 || answer[45] != 7) continue; /* Pdelay_Resp, ours */
    printf("answer after %.1f us\n", ((double)about.time_ns - (double)now.tv_sec * 1e9 - (double)now.tv_nsec) / 1e3);
    ndisprot_free(handle);
    return 0;
  }
}
