/* Starts 802.1X and answers the switch's identity request: dot1x INTERFACE IDENTITY */
#include "common.h"

int main(int argc, char **argv) {
  static const uint8_t group[6] = {0x01, 0x80, 0xC2, 0, 0, 3};
  const char *identity = argc > 2 ? argv[2] : "anonymous";
  uint8_t address[6], frame[1514] = {0};
  ndisprot *handle = open_for(argc > 1 ? argv[1] : "eth0", 0x888E, address);
  must(handle, ndisprot_join(handle, group));
  put_header(frame, group, address, 0x888E);
  frame[14] = 2, frame[15] = 1; /* version 2, EAPOL-Start, nothing in it */
  must(handle, ndisprot_write(handle, frame, 60, 1000));
  for (;;) {
    ssize_t n = ndisprot_read(handle, frame, sizeof frame, NULL, 30000);
    must(handle, (int)n);
    /* [version][EAP packet 0][length 2] [request 1][identifier][length 2][identity 1] */
    if (n < 23 || frame[15] != 0 || frame[18] != 1 || frame[22] != 1) continue;
    size_t length = strlen(identity) > 200 ? 200 : strlen(identity);
    put_header(frame, group, address, 0x888E);
    frame[14] = 2;
    frame[16] = frame[20] = 0, frame[17] = frame[21] = (uint8_t)(length + 5);
    frame[18] = 2; /* a response, with the request's identifier */
    memcpy(frame + 23, identity, length);
    must(handle, ndisprot_write(handle, frame, length + 23 < 60 ? 60 : length + 23, 1000));
    printf("answered as %s\n", identity);
    ndisprot_free(handle);
    return 0;
  }
}
