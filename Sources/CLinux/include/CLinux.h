// What Swift on Linux cannot import by itself: calls behind _GNU_SOURCE, variadic calls, macros.
// This header must not define _GNU_SOURCE: clean debug builds of Swift then fail with conflicting
// glibc types. Structures of ours mirror the kernel's or glibc's; CLinux.c asserts their layout.
#pragma once

#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "VirtualAdapter.h"

// struct mmsghdr of recvmmsg(2), sendmmsg(2).
struct clinux_mmsghdr {
  struct msghdr msg_hdr;
  unsigned int msg_len;
};

// struct ucred of SO_PEERCRED, unix(7).
struct clinux_ucred {
  int32_t pid;
  uint32_t uid;
  uint32_t gid;
};

int clinux_sendmmsg(int descriptor, struct clinux_mmsghdr *messages, unsigned count, int flags);
int clinux_recvmmsg(int descriptor, struct clinux_mmsghdr *messages, unsigned count, int flags);

// accept4(2) with SOCK_CLOEXEC | SOCK_NONBLOCK.
int clinux_accept(int descriptor);

// recvmsg(2) of a Unix socket, with room for every descriptor that one message can carry, so that the
// kernel closes none of them in the caller's thread; SCM_MAX_FD of net/scm.h. `flags`: in, out.
enum { CLINUX_MAXIMUM_RIGHTS = 253 };
struct clinux_rights {
  bool has_control;
  unsigned count;
  int descriptors[CLINUX_MAXIMUM_RIGHTS];
};
ssize_t clinux_receive(
    int descriptor, void *bytes, size_t capacity, int *flags, struct clinux_rights *rights);

// SO_PASSRIGHTS (linux 6.16): whether others may send descriptors to this Unix socket.
int clinux_forbid_rights(int descriptor);

// epoll_pwait2(2); a negative timeout waits without end.
int clinux_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds);

// SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket. The second stores at most `capacity`
// groups and returns how many there are, or -1 with errno.
int clinux_peer_credentials(int descriptor, struct clinux_ucred *credentials);
int clinux_peer_groups(int descriptor, uint32_t *groups, unsigned capacity);

// prctl(2), variadic: the name of the calling thread (15 bytes), its timer slack, no new privileges.
int clinux_set_thread_name(const char *name);
int clinux_set_timer_slack(unsigned long nanoseconds);
int clinux_set_no_new_privileges(void);

// pthread_cond_timedwait(3) on CLOCK_MONOTONIC, in nanoseconds: which module owns `struct timespec` in
// Swift depends on the order in which files import.
int clinux_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, uint64_t nanoseconds);

// gettid(2) of the calling thread.
int clinux_thread_id(void);

// sched_setscheduler(2) of the calling thread: SCHED_FIFO, which the threads that it starts do not inherit.
int clinux_set_fifo(int priority);

// sched_setaffinity(2) and sched_getaffinity(2) of the calling thread, of processors 0 to 1,023. The first
// replaces the whole set, the second says whether the thread may run on one, the third on how many; then
// what the threads inherit: whether this one has replaced its set, and the set from before, taken back.
enum { CLINUX_PROCESSORS = 1024 };
int clinux_set_processors(const uint16_t *numbers, size_t count);
int clinux_may_run_on(unsigned number);
int clinux_processor_count(void);
int clinux_has_set_processors(void);
void clinux_restore_processors(void);

// A number that this thread has and no other ever gets, unlike pthread_self(3) and gettid(2).
uint64_t clinux_thread_number(void);

// errno(3), a macro.
int clinux_errno(void);

// One pointer of each thread's own, the framework's; it starts as NULL.
extern _Thread_local void *clinux_thread_slot;
static inline void *clinux_thread_state(void) { return clinux_thread_slot; }
static inline void clinux_set_thread_state(void *state) { clinux_thread_slot = state; }

// capget(2), capset(2): two sets of the thread, a word each; keep only `mask` in all sets.
int clinux_capabilities(uint64_t *effective, uint64_t *permitted);
int clinux_keep_capabilities(uint64_t mask);

// prctl(2), variadic: take from the bounding set what `mask` names; 1 if a capability is ambient.
void clinux_drop_bounding_capabilities(uint64_t mask);
int clinux_is_ambient(int capability);

// unshare(2), setresuid(2), setresgid(2): glibc hides them behind _GNU_SOURCE.
// The first keeps what is permitted when root becomes another user: prctl(2) is variadic.
int clinux_keep_capabilities_of_next_user(void);
int clinux_set_user(uint32_t uid);
int clinux_set_group(uint32_t gid);

// What the program was called with, as it got it; Swift itself reads /proc, which may be missing.
int clinux_argument_count(void);
const char *clinux_argument(int index);

// MAP_FAILED is a cast that Swift cannot compare.
static inline int clinux_map_failed(const void *address) { return address == MAP_FAILED; }

// rtnetlink(7) and cmsg(3) macros.
static inline uint32_t clinux_nlmsg_align(uint32_t length) { return NLMSG_ALIGN(length); }
static inline size_t clinux_cmsg_space(size_t length) { return CMSG_SPACE(length); }
static inline size_t clinux_cmsg_length(size_t length) { return CMSG_LEN(length); }
static inline struct cmsghdr *clinux_cmsg_first(struct msghdr *message) {
  return CMSG_FIRSTHDR(message);
}
static inline struct cmsghdr *clinux_cmsg_next(struct msghdr *message, struct cmsghdr *control) {
  return CMSG_NXTHDR(message, control);
}
static inline unsigned char *clinux_cmsg_data(struct cmsghdr *control) { return CMSG_DATA(control); }

// The commit that was built, of the manifest; "unknown" for sources without git.
const char *clinux_commit(void);
