#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct clinux_mmsghdr) == sizeof(struct mmsghdr), "struct mmsghdr");
_Static_assert(sizeof(struct clinux_ucred) == sizeof(struct ucred), "struct ucred");

int clinux_sendmmsg(int descriptor, struct clinux_mmsghdr *messages, unsigned count, int flags) {
  return sendmmsg(descriptor, (struct mmsghdr *)messages, count, flags);
}
int clinux_recvmmsg(int descriptor, struct clinux_mmsghdr *messages, unsigned count, int flags) {
  return recvmmsg(descriptor, (struct mmsghdr *)messages, count, flags, NULL);
}
int clinux_accept(int descriptor) {
  return accept4(descriptor, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
ssize_t clinux_receive(
    int descriptor, void *bytes, size_t capacity, int *flags, struct clinux_rights *rights) {
  _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof rights->descriptors) + CMSG_SPACE(12)];
  struct iovec vector = {bytes, capacity};
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  rights->count = 0;
  ssize_t count = recvmsg(descriptor, &message, *flags | MSG_CMSG_CLOEXEC);
  if (count < 0) return count;
  *flags = message.msg_flags;
  rights->has_control = message.msg_controllen > 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    size_t length = c->cmsg_len - CMSG_LEN(0);
    memcpy(rights->descriptors, CMSG_DATA(c), length);
    rights->count = (unsigned)(length / sizeof(int));
  }
  return count;
}
int clinux_forbid_rights(int descriptor) {
  int off = 0;
  return setsockopt(descriptor, SOL_SOCKET, 83, &off, sizeof off);
}
int clinux_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds) {
  struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return epoll_pwait2(epoll, events, count, nanoseconds < 0 ? NULL : &time, NULL);
}
int clinux_peer_credentials(int descriptor, struct clinux_ucred *credentials) {
  socklen_t length = sizeof *credentials;
  return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}
int clinux_peer_groups(int descriptor, uint32_t *groups, unsigned capacity) {
  socklen_t length = capacity * sizeof *groups;
  if (getsockopt(descriptor, SOL_SOCKET, SO_PEERGROUPS, groups, &length) == 0 || errno == ERANGE)
    return (int)(length / sizeof *groups);
  return -1;
}
int clinux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name); }
int clinux_set_timer_slack(unsigned long nanoseconds) {
  return prctl(PR_SET_TIMERSLACK, nanoseconds);
}
int clinux_set_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
int clinux_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t nanoseconds) {
  struct timespec time = {(time_t)(nanoseconds / 1000000000u), (long)(nanoseconds % 1000000000u)};
  return pthread_cond_timedwait(condition, mutex, &time);
}
int clinux_errno(void) { return errno; }
uint64_t clinux_thread_number(void) {
  static _Atomic uint64_t count;
  static _Thread_local uint64_t number;
  if (number == 0) number = ++count;
  return number;
}
// A system call once a thread; glibc does not keep it.
int clinux_thread_id(void) {
  static _Thread_local int id;
  if (id == 0) id = gettid();
  return id;
}

_Thread_local void *clinux_thread_slot;
int clinux_set_fifo(int priority) {
  struct sched_param parameters = {.sched_priority = priority};
  return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters);
}

_Static_assert(CLINUX_PROCESSORS == CPU_SETSIZE, "cpu_set_t");
static _Thread_local int has_set_processors;
// The processors of a thread without a set of its own: the process's, which every thread inherits.
static cpu_set_t processors_before;
static pthread_once_t is_noted = PTHREAD_ONCE_INIT;
static void note_processors(void) {
  if (sched_getaffinity(0, sizeof processors_before, &processors_before) != 0)
    memset(&processors_before, 0xff, sizeof processors_before);
}
int clinux_set_processors(const uint16_t *numbers, size_t count) {
  pthread_once(&is_noted, note_processors);
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < count; i++) CPU_SET(numbers[i], &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) return -1;
  has_set_processors = 1;
  return 0;
}
int clinux_may_run_on(unsigned number) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 && CPU_ISSET(number, &set);
}
int clinux_processor_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}
int clinux_has_set_processors(void) { return has_set_processors; }
void clinux_restore_processors(void) {
  sched_setaffinity(0, sizeof processors_before, &processors_before);
}
int clinux_capabilities(uint64_t *effective, uint64_t *permitted) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return -1;
  *effective = (uint64_t)data[1].effective << 32 | data[0].effective;
  *permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
  return 0;
}
int clinux_keep_capabilities(uint64_t mask) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return -1;
  for (int i = 0; i < 2; i++) {
    uint32_t word = (uint32_t)(mask >> (32 * i));
    data[i].permitted &= word;
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  return (int)syscall(SYS_capset, &header, data);
}
void clinux_drop_bounding_capabilities(uint64_t mask) {
  for (int i = 0; i < 64; i++)
    if (mask >> i & 1) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}
int clinux_is_ambient(int capability) {
  return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0);
}
int clinux_keep_capabilities_of_next_user(void) { return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); }
int clinux_set_user(uint32_t uid) { return setresuid(uid, uid, uid); }
int clinux_set_group(uint32_t gid) { return setresgid(gid, gid, gid); }

// glibc hands the arguments to constructors: no file of /proc is needed.
static int argument_count;
static char **arguments;
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
  argument_count = count;
  arguments = values;
}
int clinux_argument_count(void) { return argument_count; }
const char *clinux_argument(int index) { return arguments[index]; }

#ifndef NDISPROT_COMMIT
#define NDISPROT_COMMIT "unknown"
#endif
const char *clinux_commit(void) { return NDISPROT_COMMIT; }
