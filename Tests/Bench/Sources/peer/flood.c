/* A client of the daemon that asks as fast as it is answered, and always has more waiting than the daemon can take: raw
 * messages, so that nothing but the daemon slows it down. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The header of `NdisprotControl.docc/Protocol.md`. */
struct message {
  uint16_t version, opcode;
  uint32_t flags;
  uint64_t id;
  uint32_t code, ndisStatus, errorNumber, information, bytesNeeded, count;
  uint8_t payload[64];
};

enum { HEADER = 40, HELLO = 0, CONTROL = 1, OPEN = 2, ENUMERATE = 11, STATISTICS = 12, REPLY = 1 << 17 };
enum { QUERY_OID = 0x0012c804, SET_OID = 0x0012c814, MAXIMUM_FRAME_SIZE = 0x00010106, PACKET_FILTER = 0x0001010e };
enum { BURST = 64, ANSWERS_BEFORE_READY = 200 };

struct question {
  const char *name;
  uint16_t opcode;
  uint32_t code, room;
  uint32_t payload[6];
  size_t byteCount;
};

static const struct question questions[] = {
    {"query", CONTROL, QUERY_OID, 64, {MAXIMUM_FRAME_SIZE}, 8},
    {"filter", CONTROL, SET_OID, 0, {PACKET_FILTER, 0, 0x0b}, 12},
    {"enumerate", ENUMERATE, 0, 0, {0}, 8},
    {"statistics", STATISTICS, 0, 0, {0}, 24},
};

static uint64_t next_id = 1;

/* Sends one message; false if there is no room for it. */
static bool ask(int descriptor, const struct message *message, size_t payload) {
  ssize_t sent = send(descriptor, message, HEADER + payload, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) fail("send");
  return sent >= 0;
}

/* Waits for the one answer to a message. */
static void settle(int descriptor, struct message *message, size_t payload, const char *what) {
  static uint8_t reply[REPLY];
  message->version = 1;
  message->id = next_id++;
  if (!ask(descriptor, message, payload)) fail(what);
  if (recv(descriptor, reply, sizeof reply, 0) < HEADER) fail(what);
  errno = (int)((const struct message *)reply)->errorNumber;
  if (errno != 0) fail(what);
}

static int connect_to(const struct options *options) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(options->socket) >= sizeof address.sun_path) fail("--socket");
  strcpy(address.sun_path, options->socket);
  int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");

  struct message hello = {.opcode = HELLO, .payload = {1, 0, 1, 0}};
  settle(descriptor, &hello, 16, "HELLO");
  /* [mode 1 shared][flags][queue][wait][type count, name length][type][name] */
  struct message open = {.opcode = OPEN, .payload = {1}};
  size_t length = strlen(options->interface);
  if (length > 15) fail("--interface");
  open.payload[16] = 1;
  open.payload[18] = (uint8_t)length;
  memcpy(open.payload + 20, &options->etherType, 2);
  memcpy(open.payload + 22, options->interface, length);
  settle(descriptor, &open, 22 + length, "OPEN");
  return descriptor;
}

int flood_daemon(const struct options *options) {
  const struct question *question = NULL;
  for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
    if (options->question && strcmp(options->question, questions[i].name) == 0) question = &questions[i];
  }
  errno = EINVAL;
  if (!question || !options->socket) fail("--question query|filter|enumerate|statistics --socket PATH");
  int descriptor = connect_to(options);
  struct message message = {
      .version = 1, .opcode = question->opcode, .code = question->code, .information = question->room};
  memcpy(message.payload, question->payload, question->byteCount);

  static uint8_t reply[REPLY];
  uint64_t answers = 0, refused = 0, start = nanoseconds_now();
  bool isReady = false;
  while (!is_stopped && (double)(nanoseconds_now() - start) * 1e-9 < options->seconds) {
    for (int i = 0; i < BURST; i++) {
      message.id = next_id;
      if (!ask(descriptor, &message, question->byteCount)) break;
      next_id++;
    }
    for (int i = 0; i < BURST; i++) {
      ssize_t count = recv(descriptor, reply, sizeof reply, MSG_DONTWAIT);
      if (count < 0 && errno == EAGAIN) break;
      if (count < HEADER) fail("the daemon hung up");
      answers++;
      refused += ((const struct message *)reply)->errorNumber != 0;
    }
    if (!isReady && answers >= ANSWERS_BEFORE_READY) isReady = true, say_ready();
    struct pollfd entry = {.fd = descriptor, .events = POLLIN};
    poll(&entry, 1, 100);
  }
  printf("{\"event\":\"summary\",\"frames\":%" PRIu64 ",\"missing\":%" PRIu64 ",\"elapsedSeconds\":%.6f}\n", answers,
         refused, (double)(nanoseconds_now() - start) * 1e-9);
  return 0;
}
