// What the target VirtualAdapter needs of namespaces, TAP devices and processes; see CLinux.h.
#pragma once

#include <linux/if_link.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// unshare(2), mount(2): glibc hides the first behind _GNU_SOURCE, Swift does not see MS_….
enum clinux_namespaces {
  CLINUX_NEW_MOUNTS = 0x00020000,
  CLINUX_NEW_USER = 0x10000000,
  CLINUX_NEW_NETWORK = 0x40000000,
};
int clinux_unshare(int namespaces);
// A /sys of the network namespace of the calling process, in its mount namespace.
int clinux_mount_sysfs(void);
// prctl(2), variadic: orphans of descendants become children; a signal when the parent ends.
int clinux_adopt_orphans(void);
int clinux_set_parent_death_signal(int signal);
// capset(2), prctl(2): the thread has exactly `mask`, and keeps it over execve(2).
int clinux_make_ambient(uint64_t mask);

// A TAP device of this name and index, without a header before its frames; tun.rst of the kernel.
// Takes an open /dev/net/tun.
int clinux_make_tap(int descriptor, const char *name, uint32_t index);
int clinux_set_tap_carrier(int descriptor, bool is_on);
// ETHTOOL_SLINKSETTINGS: full duplex, so many Mbit/s. Takes any socket of the namespace.
int clinux_set_link_speed(int socket, const char *name, uint32_t megabits);
// ETHTOOL_STSO and the like of a veth: what `command` names is off.
int clinux_set_offload_off(int socket, const char *name, uint32_t command);

// A packet socket hears everything that arrives on an interface, with the tags that the kernel took off.
int clinux_bind_wire(int socket, unsigned index);
// recvmsg(2) of such a socket: the frame with its tag put back; EMSGSIZE if it has no room.
ssize_t clinux_receive_tagged(int socket, void *bytes, size_t capacity);
// PACKET_STATISTICS: frames that found the socket full since the last call.
unsigned clinux_packet_drops(int socket);

// One byte and descriptors to a Unix socket; SCM_RIGHTS, unix(7).
int clinux_send_rights(int socket, const int *descriptors, unsigned count);

// signalfd(2), non-blocking; the numbers are blocked in the thread, the mask before is stored.
int clinux_open_signals(const int *numbers, unsigned count, sigset_t *former);
// The next signal: its number and whether another process sent it. 0 if there is none.
int clinux_next_signal(int descriptor, bool *is_sent);

// waitid(2) for any child, without waiting: the macros of its status.
enum clinux_child_change {
  CLINUX_CHILD_NONE = 0,    // children, and nothing new of them
  CLINUX_CHILD_EXITED = 1,  // `value`: its status
  CLINUX_CHILD_KILLED = 2,  // `value`: the signal
  CLINUX_CHILD_STOPPED = 3, // `value`: the signal
  CLINUX_NO_CHILDREN = 4,
};
enum clinux_child_change clinux_next_child(pid_t *child, int *value);
// Ends this process as a signal ends one: default action, unblocked, without a core.
void clinux_end_by_signal(int signal);
