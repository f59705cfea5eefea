/* What every peer shares: the frame they exchange, clocks, options. */
#ifndef PEER_H
#define PEER_H

#include <net/ethernet.h>
#include <stdbool.h>
#include <stdint.h>

/* [dst 6][src 6][etherType 2 BE][magic 4][sequence 8][padding ...], host order after the header:
 * both ends are this machine. */
struct __attribute__((packed)) test_frame {
  struct ether_header ethernet;
  uint32_t magic;
  uint64_t sequence;
};

enum { FRAME_MAGIC = 0x4e42454e, LONGEST_FRAME = 16384 };

struct options {
  const char *interface;
  const char *socket;   /* the daemon's, for who speaks to it */
  const char *question; /* what a flood is of */
  struct ether_addr destination;
  uint16_t etherType;      /* of the frames sent, or captured */
  uint16_t replyEtherType; /* of the frames a reflector sends back */
  uint64_t count;          /* of frames to send; a receiver ends by time */
  uint32_t length;
  uint32_t batch;
  double framesPerSecond; /* 0: as fast as it goes */
  double seconds;         /* nothing runs longer than this */
  double idleSeconds;     /* a receiver ends so long after the last frame */
  uint32_t timeoutMilliseconds;
  uint32_t bufferMebibytes;
  bool immediate;
  bool hold; /* do not read before SIGUSR1: frames queue in the kernel's ring */
};

int capture_frames(const struct options *options);
int exchange_requests(const struct options *options);
int flood_daemon(const struct options *options);
int inject_frames(const struct options *options);
int measure_pace(const struct options *options);
int ping_frames(const struct options *options);
int receive_frames(const struct options *options);
int reflect_frames(const struct options *options);
int send_frames(const struct options *options);
int stream_frames(const struct options *options);
int take_offloads_away(const struct options *options);
int write_file(const struct options *options);

/* Monotonic time, and the CPU time of this process. */
uint64_t nanoseconds_now(void);
double cpu_seconds(void);

/* Set by SIGTERM and SIGINT. */
extern volatile bool is_stopped;

/* Whether a receiver is done: told to stop, or long enough behind its last frame (0: none yet). */
bool has_ended(uint64_t last, const struct options *options);
bool wait_readable(int descriptor, int milliseconds);

/* An activated libpcap handle that lets the test's EtherType through; NULL and words on failure. */
struct pcap *open_capture(const struct options *options);

/* A packet socket bound to the interface; protocol 0 receives nothing. */
int packet_socket(const char *interface, uint16_t protocol);

/* The address of an interface, which is the source of its frames. */
struct ether_addr own_address(const char *interface);

/* Fills `length` bytes with frame number 0. */
void fill_frame(uint8_t *frame, const struct options *options);
void set_sequence(uint8_t *frame, uint64_t sequence);

/* How many frames may be sent now without overtaking the asked rate; sleeps until a batch is due.
 * 0: the count or the time is used up, or the process was told to stop. */
struct pace {
  uint64_t startNanoseconds;
  uint64_t calls;
};
uint32_t sending_quota(const struct options *options, struct pace *pace, uint64_t sent);

/* One line for whoever waits until this peer receives. */
void say_ready(void);

/* Ends the process with the words of errno. */
_Noreturn void fail(const char *operation);

#endif
