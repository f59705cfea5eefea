/* Wake-on-LAN: wake INTERFACE ADDRESS [PASSWORD], the password as an address.
 *
 * Needs a rule with the EtherType wol and the right write. */
#include "common.h"

int main(int argc, char **argv) {
  uint8_t address[6], target[6], password[6], frame[122] = {0};
  if (argc < 3 || argc > 4 || !parse_address(argv[2], target) || (argc > 3 && !parse_address(argv[3], password)))
    usage("wake INTERFACE ADDRESS [PASSWORD]");
  ndisprot *handle = open_for(argv[1], 0x0842, address);
  put_header(frame, "\xFF\xFF\xFF\xFF\xFF\xFF", address, 0x0842);
  memset(frame + 14, 0xFF, 6); /* the magic: six times FF, sixteen times the address, the password */
  for (int i = 0; i < 16; i++) memcpy(frame + 20 + 6 * i, target, 6);
  if (argc > 3) memcpy(frame + 116, password, 6);
  must(handle, ndisprot_write(handle, frame, argc > 3 ? 122 : 116, 1000));
  ndisprot_free(handle);
  return 0;
}
