/* Takes the offloads of an interface away, so that a frame on it is a frame on a wire. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int take_offloads_away(const struct options *options) {
  static const uint32_t commands[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM};
  int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) fail("socket");
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
    struct ethtool_value off = {.cmd = commands[i], .data = 0};
    struct ifreq request = {.ifr_data = (void *)&off};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", options->interface);
    /* veth has no switch for some of these, and then nothing to take away. */
    if (ioctl(descriptor, SIOCETHTOOL, &request) != 0 && errno != EOPNOTSUPP) fail("SIOCETHTOOL");
  }
  return 0;
}
