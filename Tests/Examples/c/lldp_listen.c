/* The neighbours that announce themselves by LLDP: lldp_listen INTERFACE [COUNT].
 *
 * Needs a rule with the EtherType lldp and the rights read and join. */
#include "common.h"

enum { CHASSIS = 1, PORT = 2, TTL = 3, NAME = 5 };

/* The value of a chassis or port: an address, where its subtype says so, or text. */
static void store(char *text, size_t size, const uint8_t *value, int length, int address_subtype) {
  if (length == 7 && value[0] == address_subtype)
    snprintf(text, size, "%s", address_text(value + 1));
  else
    snprintf(text, size, "%.*s", length - 1, (const char *)value + 1);
}

static void print_neighbour(const struct ndisprot_frame *frame, void *count) {
  const uint8_t *at = frame->data + 14, *end = frame->data + frame->length;
  char chassis[512] = "", port[512] = "-", name[512] = "-";
  int seconds = 0;
  while (end - at >= 2) { /* [type 7 bits][length 9 bits] value */
    int type = at[0] >> 1, length = (at[0] & 1) << 8 | at[1];
    at += 2;
    if (type == 0 || length > end - at) break;
    if (type == CHASSIS && length > 1) store(chassis, sizeof chassis, at, length, 4);
    if (type == PORT && length > 1) store(port, sizeof port, at, length, 3);
    if (type == TTL && length == 2) seconds = at[0] << 8 | at[1];
    if (type == NAME) snprintf(name, sizeof name, "%.*s", length, (const char *)at);
    at += length;
  }
  if (!*chassis) return;
  printf("%s port %s name %s, for %d s\n", chassis, port, name, seconds);
  fflush(stdout);
  if (*(int *)count > 0 && --*(int *)count == 0) exit(0);
}

int main(int argc, char **argv) {
  uint8_t address[6];
  if (argc < 2 || argc > 3) usage("lldp_listen INTERFACE [COUNT]");
  int count = argc > 2 ? atoi(argv[2]) : -1;
  ndisprot *handle = open_for(argv[1], 0x88CC, address);
  must(handle, ndisprot_join(handle, (const uint8_t *)"\x01\x80\xC2\x00\x00\x0E"));
  for (;;) must(handle, ndisprot_dispatch(handle, print_neighbour, &count, -1));
}
