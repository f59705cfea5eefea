#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

_Static_assert(CLINUX_NEW_MOUNTS == CLONE_NEWNS && CLINUX_NEW_USER == CLONE_NEWUSER &&
                   CLINUX_NEW_NETWORK == CLONE_NEWNET,
               "enum clinux_namespaces");

int clinux_unshare(int namespaces) { return unshare(namespaces); }
int clinux_mount_sysfs(void) {
  if (mount("none", "/", NULL, MS_REC | MS_SLAVE, NULL) != 0) return -1;
  return mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int clinux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }
int clinux_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }
int clinux_make_ambient(uint64_t mask) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{0}};
  for (int i = 0; i < 2; i++) {
    uint32_t word = (uint32_t)(mask >> (32 * i));
    data[i].effective = data[i].permitted = data[i].inheritable = word;
  }
  if (syscall(SYS_capset, &header, data) != 0) return -1;
  for (int i = 0; i < 64; i++)
    if (mask >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) != 0) return -1;
  return 0;
}

static struct ifreq request_of(const char *name) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return request;
}
int clinux_make_tap(int descriptor, const char *name, uint32_t index) {
  if (ioctl(descriptor, TUNSETIFINDEX, &index) != 0) return -1;
  struct ifreq request = request_of(name);
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  return ioctl(descriptor, TUNSETIFF, &request);
}
int clinux_set_tap_carrier(int descriptor, bool is_on) {
  int value = is_on;
  return ioctl(descriptor, TUNSETCARRIER, &value);
}
int clinux_set_link_speed(int socket, const char *name, uint32_t megabits) {
  // Behind the settings lie three masks, of 127 words at most.
  _Alignas(struct ethtool_link_settings) char room[sizeof(struct ethtool_link_settings) + 3 * 127 * 4] = {0};
  struct ethtool_link_settings *settings = (void *)room;
  struct ifreq request = request_of(name);
  request.ifr_data = room;
  // The first call says how long the masks of this kernel are, as a negative number.
  settings->cmd = ETHTOOL_GLINKSETTINGS;
  if (ioctl(socket, SIOCETHTOOL, &request) != 0) return -1;
  settings->link_mode_masks_nwords = (int8_t)-settings->link_mode_masks_nwords;
  settings->cmd = ETHTOOL_SLINKSETTINGS;
  settings->speed = megabits;
  settings->duplex = DUPLEX_FULL;
  return ioctl(socket, SIOCETHTOOL, &request);
}
int clinux_set_offload_off(int socket, const char *name, uint32_t command) {
  struct ethtool_value value = {command, 0};
  struct ifreq request = request_of(name);
  request.ifr_data = (void *)&value;
  return ioctl(socket, SIOCETHTOOL, &request);
}

int clinux_bind_wire(int socket, unsigned index) {
  int on = 1, bytes = 64 << 20;
  setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  if (setsockopt(socket, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) != 0) return -1;
  // Linux 4.20; without it the pump would hear itself.
  if (setsockopt(socket, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on) != 0) return -1;
  struct sockaddr_ll address = {
      .sll_family = AF_PACKET, .sll_protocol = __builtin_bswap16(ETH_P_ALL), .sll_ifindex = (int)index};
  return bind(socket, (struct sockaddr *)&address, sizeof address);
}
ssize_t clinux_receive_tagged(int socket, void *bytes, size_t capacity) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
  struct iovec vector = {bytes, capacity};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t count = recvmsg(socket, &message, 0);
  if (count < 0) return count;
  if (message.msg_flags & MSG_TRUNC) return errno = EMSGSIZE, -1;
  struct cmsghdr *first = CMSG_FIRSTHDR(&message);
  if (first == NULL || first->cmsg_level != SOL_PACKET || first->cmsg_type != PACKET_AUXDATA || count < 12)
    return count;
  struct tpacket_auxdata data;
  memcpy(&data, CMSG_DATA(first), sizeof data);
  if (!(data.tp_status & TP_STATUS_VLAN_VALID)) return count;
  if ((size_t)count + 4 > capacity) return errno = EMSGSIZE, -1;
  uint16_t kind = data.tp_status & TP_STATUS_VLAN_TPID_VALID ? data.tp_vlan_tpid : ETH_P_8021Q;
  uint8_t tag[4] = {kind >> 8, kind & 0xFF, data.tp_vlan_tci >> 8, data.tp_vlan_tci & 0xFF};
  uint8_t *frame = bytes;
  memmove(frame + 16, frame + 12, (size_t)count - 12);
  memcpy(frame + 12, tag, sizeof tag);
  return count + 4;
}
unsigned clinux_packet_drops(int socket) {
  struct tpacket_stats drops = {0};
  socklen_t length = sizeof drops;
  getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &drops, &length);
  return drops.tp_drops;
}

int clinux_send_rights(int socket, const int *descriptors, unsigned count) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(16 * sizeof(int))] = {0};
  if (count > 16) return errno = E2BIG, -1;
  char byte = 0;
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = CMSG_SPACE(count * sizeof(int))};
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(rights), descriptors, count * sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

int clinux_open_signals(const int *numbers, unsigned count, sigset_t *former) {
  sigset_t set;
  sigemptyset(&set);
  for (unsigned i = 0; i < count; i++) sigaddset(&set, numbers[i]);
  // An ignored SIGCHLD would take the status of every child with it.
  signal(SIGCHLD, SIG_DFL);
  sigprocmask(SIG_BLOCK, &set, former);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
int clinux_next_signal(int descriptor, bool *is_sent) {
  struct signalfd_siginfo info;
  if (read(descriptor, &info, sizeof info) != sizeof info) return 0;
  *is_sent = info.ssi_code == SI_USER || info.ssi_code == SI_QUEUE || info.ssi_code == SI_TKILL;
  return (int)info.ssi_signo;
}

enum clinux_child_change clinux_next_child(pid_t *child, int *value) {
  siginfo_t info = {0};
  if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WNOHANG) != 0) return CLINUX_NO_CHILDREN;
  if (info.si_pid == 0) return CLINUX_CHILD_NONE;
  *child = info.si_pid;
  *value = info.si_status;
  switch (info.si_code) {
    case CLD_EXITED: return CLINUX_CHILD_EXITED;
    case CLD_STOPPED: case CLD_TRAPPED: return CLINUX_CHILD_STOPPED;
    default: return CLINUX_CHILD_KILLED;
  }
}
void clinux_end_by_signal(int signal_number) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  signal(signal_number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal_number);
  kill(getpid(), signal_number);
  sigprocmask(SIG_UNBLOCK, &set, NULL);
}
