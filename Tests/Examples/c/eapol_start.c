/* 802.1X: asks the switch to begin, and answers with an identity: eapol_start INTERFACE IDENTITY.
 *
 * Needs a rule with the EtherType eapol and the rights read, write and join. */
#include "common.h"

static const uint8_t group[6] = {0x01, 0x80, 0xC2, 0, 0, 3};
static uint8_t address[6];

/* [version 2][type][length 2] and the body */
static void send_eapol(ndisprot *handle, uint8_t type, const uint8_t *body, size_t length) {
  uint8_t frame[1514] = {0};
  put_header(frame, group, address, 0x888E);
  frame[14] = 2, frame[15] = type, frame[16] = (uint8_t)(length >> 8), frame[17] = (uint8_t)length;
  memcpy(frame + 18, body, length);
  must(handle, ndisprot_write(handle, frame, length < 42 ? 60 : 18 + length, 1000));
}

int main(int argc, char **argv) {
  enum { START = 1, REQUEST = 1, RESPONSE = 2, SUCCESS = 3, FAILURE = 4, IDENTITY = 1 };
  uint8_t frame[1514], answer[256];
  if (argc != 3) usage("eapol_start INTERFACE IDENTITY");
  size_t length = strlen(argv[2]) > 200 ? 200 : strlen(argv[2]);
  ndisprot *handle = open_for(argv[1], 0x888E, address);
  must(handle, ndisprot_join(handle, group));
  send_eapol(handle, START, (const uint8_t *)"", 0);
  for (;;) {
    ssize_t n = ndisprot_read(handle, frame, sizeof frame, NULL, 10000);
    must(handle, (int)n);
    if (n < 23 || frame[15] != 0) continue; /* [code][identifier][length 2][method] of an EAP packet */
    const uint8_t code = frame[18], method = frame[22];
    if (code == REQUEST && method == IDENTITY) {
      printf("asked for an identity\n");
      answer[0] = RESPONSE, answer[1] = frame[19], answer[2] = 0, answer[3] = (uint8_t)(5 + length), answer[4] = IDENTITY;
      memcpy(answer + 5, argv[2], length);
      send_eapol(handle, 0, answer, 5 + length);
    } else if (code == REQUEST) {
      printf("asked for method %d\n", method);
      break;
    } else if (code == SUCCESS || code == FAILURE) {
      printf("%s\n", code == SUCCESS ? "accepted" : "refused");
      break;
    }
    fflush(stdout);
  }
  ndisprot_free(handle);
  return 0;
}
