/* Wakes a machine: wake INTERFACE XX:XX:XX:XX:XX:XX */
#include "common.h"

int main(int argc, char **argv) {
  uint8_t address[6], target[6], frame[116] = {0};
  unsigned octets[6];
  if (argc != 3 || sscanf(argv[2], "%2x:%2x:%2x:%2x:%2x:%2x", &octets[0], &octets[1], &octets[2], &octets[3], &octets[4],
                          &octets[5]) != 6) {
    fprintf(stderr, "usage: wake INTERFACE XX:XX:XX:XX:XX:XX\n");
    return 64;
  }
  for (int i = 0; i < 6; i++) target[i] = (uint8_t)octets[i];
  ndisprot *handle = open_for(argv[1], 0x0842, address);
  put_header(frame, "\xFF\xFF\xFF\xFF\xFF\xFF", address, 0x0842);
  memset(frame + 14, 0xFF, 6); /* the magic: six times FF, sixteen times the address */
  for (int i = 0; i < 16; i++) memcpy(frame + 20 + 6 * i, target, 6);
  must(handle, ndisprot_write(handle, frame, sizeof frame, 1000));
  ndisprot_free(handle);
  return 0;
}
