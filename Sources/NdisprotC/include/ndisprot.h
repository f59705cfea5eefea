/* ndisprot.h: raw Ethernet without root, through ndisprotd(8). See ndisprot(3).
 *
 * Link with -lndisprot, or with what `pkg-config --cflags --libs ndisprot` says.
 *
 * Results: functions that can fail return 0 or a count, or a negative errno. ndisprot_strerror() names the
 * number; ndisprot_error() has a sentence with the cause and what to do about it.
 *
 * Timeouts are in milliseconds. -1 waits without end. 0 does not wait: what is not there yet is -EAGAIN.
 * Any other timeout that runs out is -ETIMEDOUT.
 *
 * Threads: one thread at a time uses a handle, any number of threads use handles of their own. Only
 * ndisprot_interrupt() may be called on a handle that another thread uses, and from a signal handler.
 *
 * Fork: a child may free a handle of its parent, which leaves the parent's session alone, and use the
 * library with handles of its own. It must not do anything else with a handle of its parent.
 *
 * Structures whose first member is `size` grow at their end: set it to sizeof the structure. */
#ifndef NDISPROT_H
#define NDISPROT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NDISPROT_API __attribute__((visibility("default")))
#else
#define NDISPROT_API
#endif

#define NDISPROT_VERSION_MAJOR 0
#define NDISPROT_VERSION_MINOR 1
#define NDISPROT_VERSION_PATCH 0

#define NDISPROT_DEFAULT_PATH "/run/ndisprot.sock"
#define NDISPROT_MAX_ETHERTYPES 16
#define NDISPROT_ETHERTYPE_ANY 0xFFFF
#define NDISPROT_ETHERTYPE_LLC 0

/* A session with the daemon; at most one binding is open on it. */
typedef struct ndisprot ndisprot;

/* The version of the library that runs, as "0.1.0"; the macros above are of the one compiled against. */
NDISPROT_API const char *ndisprot_version(void);

/* --- session */

/* Connects to the daemon. `path` NULL: $NDISPROT_SOCKET, or else NDISPROT_DEFAULT_PATH.
 *
 * The handle is stored before the wait begins, so that it can be interrupted, and also when connecting
 * fails, so that it can be asked for the words: free it in both cases. Only -ENOMEM, -EMFILE, -ENFILE and
 * -EINVAL (no place for the handle) may leave NULL.
 * -ENOENT, -ECONNREFUSED: no daemon there. -EACCES: the socket is not yours to use. -EPERM: it is served by
 * a user that is not trusted. -EUSERS: too many sessions. */
NDISPROT_API int ndisprot_connect(ndisprot **handle, const char *path, int timeout_ms);

/* Ends the session, closes what is open and frees the handle; NULL is fine. */
NDISPROT_API void ndisprot_free(ndisprot *handle);

/* A descriptor for poll(2) and its like: POLLIN means that what said -EAGAIN is worth calling again. It
 * belongs to the library; ndisprot_resume() changes it. Events and frames that came while another reply was
 * waited for are kept by the library: call ndisprot_read_batch() or ndisprot_dispatch(), and
 * ndisprot_next_event(), until -EAGAIN right before each poll. -EBADF before a successful connect. */
NDISPROT_API int ndisprot_fd(const ndisprot *handle);

/* Ends the present wait and every further one with -EINTR, until the interrupt is cleared. From any thread,
 * and from a signal handler. */
NDISPROT_API void ndisprot_interrupt(ndisprot *handle);
NDISPROT_API void ndisprot_clear_interrupt(ndisprot *handle);

/* --- errors */

/* The words of a number that a function returned; valid until the thread's next call. */
NDISPROT_API const char *ndisprot_strerror(int error);

/* Cause and remedy of the handle's last failure, or "" if its last call succeeded. What the daemon refuses by
 * its policy names the rule. Valid until the handle's next call. NULL: why there is no handle. */
NDISPROT_API const char *ndisprot_error(const ndisprot *handle);

/* What the daemon said of the last call, all zero if the call succeeded or the daemon was not asked. */
struct ndisprot_status {
  uint32_t size;
  uint32_t ntstatus, ndis_status;
  int32_t error;         /* errno, positive */
  uint32_t bytes_needed; /* the room or the limit that the error is about, or 0 */
};
NDISPROT_API void ndisprot_last_status(const ndisprot *handle, struct ndisprot_status *status);

/* --- bindings */

enum {
  NDISPROT_STATE_OPENING = 1,
  NDISPROT_STATE_PAUSED = 2,
  NDISPROT_STATE_RESTARTING = 3,
  NDISPROT_STATE_RUNNING = 4,
  NDISPROT_STATE_PAUSING = 5,
  NDISPROT_STATE_CLOSING = 6
};
enum { NDISPROT_LINK_UNKNOWN = 0, NDISPROT_LINK_CONNECTED = 1, NDISPROT_LINK_DISCONNECTED = 2 };
struct ndisprot_binding {
  uint32_t ifindex, state, link;
  uint32_t powered; /* 1: the interface is up */
  uint32_t mtu, opens;
  uint8_t address[6], reserved[2];
  char name[128]; /* as NUL-terminated text; names hold bytes that are no UTF-8 as escapes */
  char description[256];
};
/* Lists the bindings that the caller may see. `entry_size` is sizeof(struct ndisprot_binding). Returns how
 * many there are, and stores memory for free(3); NULL if there are none. */
NDISPROT_API int ndisprot_bindings(ndisprot *handle, struct ndisprot_binding **list, size_t entry_size);

/* Waits until all of these interfaces are bound; without a name, until the first interfaces are. */
NDISPROT_API int ndisprot_wait(ndisprot *handle, const char *const *names, unsigned count, int timeout_ms);

/* --- open */

enum { NDISPROT_EXCLUSIVE = 0, NDISPROT_SHARED = 1 };
enum {
  NDISPROT_ANY_SOURCE = 1,         /* writes may carry any source address */
  NDISPROT_OUTGOING = 2,           /* receive what this host sends, too */
  NDISPROT_FAIL_ON_TRUNCATION = 4, /* a read that is too small fails and leaves the frame */
  NDISPROT_IGNORE_CARRIER = 8,     /* write without a carrier, too */
  NDISPROT_NO_LOOPBACK = 16,       /* do not receive own frames */
  NDISPROT_COMPAT = 32             /* as the sample: a queue of the four newest frames */
};
/* One more of the flags: the priority of what is sent, 0 to 15, as SO_PRIORITY of socket(7); needs the right
 * priority. -EOPNOTSUPP: the daemon is too old. */
#define NDISPROT_PRIORITY(priority) (((uint32_t)(priority) & 15) << 8)
struct ndisprot_options {
  uint32_t size;
  uint32_t mode, flags;
  uint32_t queue_bytes; /* 0: the daemon's default */
  uint32_t wait_ms;     /* how long the interface may take to come up */
  uint16_t ethertype_count;
  uint16_t ethertypes[NDISPROT_MAX_ETHERTYPES]; /* in the host's byte order */
};
/* Opens a binding by the name of its interface. The options say for which EtherTypes: an open without any
 * moves no frames and can be asked for OIDs. NULL: such an open, shared.
 * -ENODEV: no such binding. -EBUSY: another open holds it exclusively, or this handle has one open already.
 * -EACCES: not permitted. -ENETDOWN: the interface is down. -EINVAL: options that mean nothing. */
NDISPROT_API int ndisprot_open(ndisprot *handle, const char *name, const struct ndisprot_options *options);

/* What was granted. */
struct ndisprot_grant {
  uint32_t size;
  uint32_t mode, flags, queue_bytes, ifindex;
  uint32_t mtu; /* bytes behind the 14 of the Ethernet header */
  uint8_t address[6];
  uint16_t ethertype_count;
  uint16_t ethertypes[NDISPROT_MAX_ETHERTYPES];
  char name[128];
};
NDISPROT_API int ndisprot_grant(const ndisprot *handle, struct ndisprot_grant *grant);

/* Closes the binding; the session stays and may open another one. Frames queued and not flushed are lost. */
NDISPROT_API int ndisprot_close(ndisprot *handle);

/* After -ECONNRESET, and after -ECANCELED of a call that the caller did not cancel: connects and opens again,
 * as granted, waiting for the daemon and for the interface. Packet filter and groups are the caller's to set
 * again; a subscription is renewed. Nothing is sent a second time: what was queued is reported as `unknown`
 * by the next ndisprot_flush(). */
NDISPROT_API int ndisprot_resume(ndisprot *handle, int timeout_ms);

/* --- frames */

enum {
  NDISPROT_TRUNCATED = 1,    /* fewer bytes than there were on the wire */
  NDISPROT_WAS_OUTGOING = 2, /* sent by this host */
  NDISPROT_LOOPED = 4,       /* written by this handle */
  NDISPROT_TAG_PUT_BACK = 8, /* the kernel had taken the VLAN tag off */
  NDISPROT_HARDWARE_TIME = 16
};
struct ndisprot_frame {
  const uint8_t *data; /* from the destination address on, without the FCS */
  uint32_t length, wire_length;
  uint64_t time_ns; /* since the epoch */
  uint32_t flags;
  uint32_t lost_before; /* frames that this open lost directly in front of this one */
};

/* Reads one frame into `buffer`; a longer frame is cut, and `about`, which may be NULL, says so. Returns its
 * length. One round trip a frame: the functions below are faster. */
NDISPROT_API ssize_t ndisprot_read(ndisprot *handle, void *buffer, size_t size, struct ndisprot_frame *about,
                                   int timeout_ms);

/* Takes the frames that are there, at most `count`, waiting for the first. Their bytes are the library's
 * until the next call of this or of ndisprot_dispatch(). Reads stay pended in the daemon: full rate. */
NDISPROT_API int ndisprot_read_batch(ndisprot *handle, struct ndisprot_frame *frames, unsigned count,
                                     int timeout_ms);

/* The same without a copy: calls `function` for each frame of one message. The frame and its bytes are
 * borrowed until `function` returns. It must not use the handle, but for ndisprot_interrupt(). Returns how
 * many frames there were. */
typedef void (*ndisprot_frame_fn)(const struct ndisprot_frame *frame, void *context);
NDISPROT_API int ndisprot_dispatch(ndisprot *handle, ndisprot_frame_fn function, void *context, int timeout_ms);

/* Takes the reads back that the two above keep pended. Frames that came meanwhile are kept for the next call
 * of ndisprot_read(), ndisprot_read_batch() or ndisprot_dispatch(). */
NDISPROT_API int ndisprot_cancel_reads(ndisprot *handle);

/* Writes one frame, header included, and returns when it was sent. -ETIMEDOUT and -EINTR: the frame may have
 * been sent. 0 as timeout does not wait for the answer: -EAGAIN, the frame may have been sent. */
NDISPROT_API int ndisprot_write(ndisprot *handle, const void *frame, size_t length, int timeout_ms);

/* Writes frames in one message. errors[i] is 0 or a negative errno; `errors` may be NULL. Returns how many
 * were sent. -EMSGSIZE: they do not fit one message, and none was sent. */
NDISPROT_API int ndisprot_write_batch(ndisprot *handle, const struct iovec *frames, unsigned count, int *errors,
                                      int timeout_ms);

/* Full rate: takes a frame into a message that leaves when it is full, or at ndisprot_flush(). Several
 * messages are on their way at once; when there are too many, this waits for the daemon. A negative result
 * means that the frame was not taken; one that the daemon refuses is reported by ndisprot_flush(). */
NDISPROT_API int ndisprot_queue(ndisprot *handle, const void *frame, size_t length, int timeout_ms);

/* Counts of the frames that were queued since the open, or since a flush that ended them all. */
struct ndisprot_report {
  uint32_t size;
  int32_t first_error; /* of the first frame that was not sent: a negative errno, or 0 */
  uint64_t submitted, sent, failed;
  uint64_t unknown; /* under way when the daemon went: sent or not */
};
/* Sends what is queued and waits until the daemon has said what became of each frame. 0: all are known, and
 * counting begins again. -EAGAIN, -ETIMEDOUT: some are still on their way; call again. `report` may be NULL. */
NDISPROT_API int ndisprot_flush(ndisprot *handle, struct ndisprot_report *report, int timeout_ms);

/* --- OIDs */

enum {
  NDISPROT_OID_SUPPORTED_LIST = 0x00010101,
  NDISPROT_OID_MAXIMUM_FRAME_SIZE = 0x00010106,
  NDISPROT_OID_VENDOR_DESCRIPTION = 0x0001010D,
  NDISPROT_OID_PACKET_FILTER = 0x0001010E,
  NDISPROT_OID_LINK_STATE = 0x00010207,
  NDISPROT_OID_LINK_SPEED = 0x0001028B,
  NDISPROT_OID_STATISTICS = 0x00020106,
  NDISPROT_OID_PERMANENT_ADDRESS = 0x01010101,
  NDISPROT_OID_CURRENT_ADDRESS = 0x01010102,
  NDISPROT_OID_MULTICAST_LIST = 0x01010103
};
enum {
  NDISPROT_FILTER_DIRECTED = 0x01,
  NDISPROT_FILTER_MULTICAST = 0x02,
  NDISPROT_FILTER_ALL_MULTICAST = 0x04,
  NDISPROT_FILTER_BROADCAST = 0x08,
  NDISPROT_FILTER_PROMISCUOUS = 0x20
};
/* Any OID of ntddndis.h that the daemon knows. Returns the length of the value. -ENOBUFS: it is longer than
 * `size`; ndisprot_last_status() says in `bytes_needed` how long. */
NDISPROT_API ssize_t ndisprot_query_oid(ndisprot *handle, uint32_t oid, void *value, size_t size);
NDISPROT_API int ndisprot_set_oid(ndisprot *handle, uint32_t oid, const void *value, size_t size);

/* Adds an Ethernet group to those that this open receives, or takes it away. */
NDISPROT_API int ndisprot_join(ndisprot *handle, const uint8_t group[6]);
NDISPROT_API int ndisprot_leave(ndisprot *handle, const uint8_t group[6]);

/* --- statistics */

enum { NDISPROT_OF_BINDING = 1, NDISPROT_OF_OPEN = 2, NDISPROT_OF_SESSION = 3 };
struct ndisprot_counter {
  uint32_t object, ifindex; /* NDISPROT_OF_…; 0: no interface */
  uint64_t id;              /* of the object, among its kind */
  const char *object_name, *name;
  uint64_t value;
};
/* Calls `function` for each counter that the caller may see, of one interface or, with 0, of all. What it is
 * given is borrowed until it returns, and it must not use the handle. Returns how many counters there were. */
typedef void (*ndisprot_counter_fn)(const struct ndisprot_counter *counter, void *context);
NDISPROT_API int ndisprot_statistics(ndisprot *handle, uint32_t ifindex, ndisprot_counter_fn function,
                                     void *context);

/* --- events */

enum {
  NDISPROT_BINDING_ADDED = 1,
  NDISPROT_BINDING_REMOVED = 2,
  NDISPROT_LINK = 3,
  NDISPROT_POWER = 4,
  NDISPROT_ADDRESS = 5,
  NDISPROT_MTU = 6,
  NDISPROT_NAME = 7,
  NDISPROT_BINDING_STATE = 8,
  NDISPROT_SHUTDOWN = 9
};
#define NDISPROT_EVENT_BIT(kind) (UINT32_C(1) << (kind))
#define NDISPROT_ALL_EVENTS 0x3FEu
struct ndisprot_event {
  uint32_t size;
  uint32_t kind;         /* NDISPROT_BINDING_ADDED … */
  uint64_t sequence;     /* counts the events of the session from 1, lost ones too */
  uint64_t lost;         /* events in front of this one for which there was no room */
  uint64_t time_ns;      /* since the epoch */
  uint32_t change_count; /* how many changes it stands for */
  uint32_t has_binding;  /* 0: `binding` is zero */
  struct ndisprot_binding binding;
};
/* Asks for events: `kinds` is made of NDISPROT_EVENT_BIT, 0 ends them; `ifindex` 0 is every binding. Subscribe
 * first and list the bindings then: so nothing is missed in between. */
NDISPROT_API int ndisprot_subscribe(ndisprot *handle, uint32_t kinds, uint32_t ifindex);
NDISPROT_API int ndisprot_next_event(ndisprot *handle, struct ndisprot_event *event, int timeout_ms);

/* --- the sample's own requests, byte for byte, for ports of Windows programs */

/* One request of the sample: IOCTL_NDISPROT_… and its bytes. Stores how many bytes of `out` are filled in
 * `returned`, which may be NULL. The result is the status' errno; ndisprot_last_status() has the status, and
 * a warning fills `out`. */
NDISPROT_API int ndisprot_device_control(ndisprot *handle, uint32_t code, const void *in, size_t in_size,
                                         void *out, size_t out_size, size_t *returned, int timeout_ms);

/* --- requests that do not wait */

enum { NDISPROT_REQUEST_DEVICE_CONTROL = 1, NDISPROT_REQUEST_READ = 4, NDISPROT_REQUEST_WRITE = 5 };
struct ndisprot_request {
  uint32_t size;
  uint32_t kind; /* NDISPROT_REQUEST_… */
  uint32_t code; /* of a device control */
  uint32_t reserved;
  const void *in; /* the frame to write, or what a device control takes */
  size_t in_size;
  size_t out_size; /* the room for what is read, or for what a device control gives */
};
/* Sends a request and returns at once; `timeout_ms` is for a socket that is full. `id` names it from then on. */
NDISPROT_API int ndisprot_submit(ndisprot *handle, const struct ndisprot_request *request, uint64_t *id,
                                 int timeout_ms);

struct ndisprot_completion {
  uint32_t size;
  struct ndisprot_status status; /* of the request: `error` 0 is success */
  uint64_t id;
  const void *data; /* the frame that was read, or what a device control gives; until the next call */
  size_t length;
  size_t wire_length; /* of a frame that was read */
  uint64_t time_ns;
  uint32_t flags;
  uint32_t lost_before;
};
/* Takes the next request that is done, whichever it is. Completes each submitted request exactly once. */
NDISPROT_API int ndisprot_reap(ndisprot *handle, struct ndisprot_completion *completion, int timeout_ms);

/* Asks the daemon to cancel a submitted request and returns at once. The request still completes, with
 * -ECANCELED in its status if it was cancelled in time. -ENOENT: it is done already. */
NDISPROT_API int ndisprot_cancel(ndisprot *handle, uint64_t id, int timeout_ms);

#ifdef __cplusplus
}
#endif
#endif
