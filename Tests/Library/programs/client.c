/* What a C program does with the library, each part a mode of its own: client MODE [COUNT].
 * Exit 0 if all was as it must be; else a line says what was not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Says that it is the test's turn, and waits until the test has done its part. */
static void line(const char *word) {
  printf("%s\n", word);
  fflush(stdout);
  CHECK(getchar() == '\n');
}


/* --- failures and their words */

static void errors(void) {
  ndisprot *h = NULL;
  GIVES(-EINVAL, NULL, ndisprot_connect(NULL, NULL, 0));
  CHECK(strstr(ndisprot_error(NULL), "no handle"));
  GIVES(-ENOENT, h, ndisprot_connect(&h, "/nonexistent/socket", 1000));
  CHECK(h && strstr(ndisprot_error(h), "no socket /nonexistent/socket"));
  CHECK(strstr(ndisprot_error(h), "NDISPROT_SOCKET"));
  GIVES(-EBADF, h, ndisprot_open(h, interface_name, NULL));
  CHECK(strstr(ndisprot_error(h), "ndisprot_connect()"));
  CHECK(ndisprot_fd(h) == -EBADF);
  ndisprot_free(h);
  GIVES(-EILSEQ, h, ndisprot_connect(&h, "\xff\xfe", 1000));
  ndisprot_free(h);
  char long_path[300];
  memset(long_path, 'a', sizeof long_path);
  long_path[sizeof long_path - 1] = 0;
  GIVES(-ENAMETOOLONG, h, ndisprot_connect(&h, long_path, 1000));
  ndisprot_free(h);
  ndisprot_free(NULL);

  GIVES(0, h, ndisprot_connect(&h, NULL, 20000));
  CHECK(!*ndisprot_error(h));
  GIVES(-ENODEV, h, ndisprot_open(h, "nosuch", NULL));
  CHECK(strstr(ndisprot_error(h), "no such binding") && strstr(ndisprot_error(h), "ndisprotctl bindings"));
  struct ndisprot_status status = {0};
  status.size = sizeof status;
  ndisprot_last_status(h, &status);
  CHECK(status.error == ENODEV && status.ntstatus == 0xC0000034u && status.size == sizeof status);
  GIVES(-ENODEV, h, ndisprot_open(h, "bytes:\\x", NULL));
  GIVES(-ENODEV, h, ndisprot_open(h, "\xff", NULL));
  GIVES(-EINVAL, h, ndisprot_open(h, NULL, NULL));
  struct ndisprot_options options = shared_options();
  options.size = 0;
  GIVES(-EINVAL, h, ndisprot_open(h, interface_name, &options));
  options = shared_options();
  options.mode = 7;
  GIVES(-EINVAL, h, ndisprot_open(h, interface_name, &options));
  options = shared_options();
  options.ethertype_count = 17;
  GIVES(-EINVAL, h, ndisprot_open(h, interface_name, &options));
  options = shared_options();
  options.flags = 1u << 20;
  GIVES(-EINVAL, h, ndisprot_open(h, interface_name, &options));
  GIVES(0, h, ndisprot_subscribe(h, NDISPROT_ALL_EVENTS, 0));
  CHECK(!*ndisprot_error(h));
  ndisprot_last_status(h, &status);
  CHECK(status.error == 0 && status.ntstatus == 0);
  ndisprot_free(h);

  h = open_session();
  unsigned char frame[2000] = {0}, small[20] = {0};
  GIVES(-EPROTOTYPE, h, ndisprot_write(h, frame, 60, 1000));
  CHECK(strstr(ndisprot_error(h), "EtherType"));
  own_frame(h, frame, 60, 0);
  frame[6] ^= 2;
  GIVES(-EPERM, h, ndisprot_write(h, frame, 60, 1000));
  GIVES(-EINVAL, h, ndisprot_write(h, frame, 10, 1000));
  GIVES(-EINVAL, h, ndisprot_write(h, NULL, 10, 1000));
  own_frame(h, frame, 60, 0);
  GIVES(-EMSGSIZE, h, ndisprot_write(h, frame, 1900, 1000));
  ndisprot_last_status(h, &status);
  CHECK(status.bytes_needed == 1514);
  GIVES(-EAGAIN, h, ndisprot_read(h, frame, sizeof frame, NULL, 0));
  CHECK(!*ndisprot_error(h));
  GIVES(-ETIMEDOUT, h, ndisprot_read(h, frame, sizeof frame, NULL, 20));
  CHECK(strstr(ndisprot_error(h), "timed out"));
  GIVES(-ENOBUFS, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, small, 5));
  ndisprot_last_status(h, &status);
  CHECK(status.bytes_needed == 6);
  GIVES(-ENOBUFS, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, NULL, 0));
  GIVES(-EOPNOTSUPP, h, ndisprot_query_oid(h, 0xDEAD, small, sizeof small));
  GIVES(-EINVAL, h, ndisprot_set_oid(h, NDISPROT_OID_PACKET_FILTER, small, 3));
  GIVES(-EBUSY, h, ndisprot_open(h, interface_name, NULL));
  GIVES(-EINVAL, h, ndisprot_next_event(h, NULL, 0));
  GIVES(-ENOENT, h, ndisprot_cancel(h, 12345, 1000));
  GIVES(0, h, ndisprot_close(h));
  GIVES(-EBADF, h, ndisprot_close(h));
  CHECK(strstr(ndisprot_strerror(-ENODEV), "device") && *ndisprot_strerror(INT32_MIN));
  ndisprot_free(h);
}

/* --- structures of other lengths: an older program, and a newer one */

static void structures(void) {
  ndisprot *h = open_session();
  struct {
    struct ndisprot_grant grant;
    unsigned char more[64];
  } larger;
  memset(&larger, 0xAA, sizeof larger);
  larger.grant.size = sizeof larger;
  GIVES(0, h, ndisprot_grant(h, &larger.grant));
  CHECK(larger.grant.size == sizeof larger && !strcmp(larger.grant.name, interface_name));
  for (size_t i = 0; i < sizeof larger.more; i++) CHECK(larger.more[i] == 0);
  struct ndisprot_grant grant;
  memset(&grant, 0xAA, sizeof grant);
  grant.size = 8;
  GIVES(0, h, ndisprot_grant(h, &grant));
  CHECK(grant.mode == NDISPROT_SHARED && grant.flags == 0xAAAAAAAA);
  grant.size = 3;
  GIVES(-EINVAL, h, ndisprot_grant(h, &grant));
  grant.size = 100000;
  GIVES(-EINVAL, h, ndisprot_grant(h, &grant));
  GIVES(0, h, ndisprot_close(h));
  struct {
    struct ndisprot_options options;
    unsigned char more[8];
  } newer = {shared_options(), {0}};
  newer.options.size = sizeof newer;
  GIVES(0, h, ndisprot_open(h, interface_name, &newer.options));
  GIVES(0, h, ndisprot_close(h));
  newer.more[3] = 1; /* asks for what this library does not know */
  GIVES(-EINVAL, h, ndisprot_open(h, interface_name, &newer.options));
  struct ndisprot_options urgent = shared_options();
  urgent.flags = NDISPROT_NO_LOOPBACK | NDISPROT_PRIORITY(6);
  GIVES(0, h, ndisprot_open(h, interface_name, &urgent));
  grant.size = sizeof grant;
  GIVES(0, h, ndisprot_grant(h, &grant));
  CHECK(grant.flags == urgent.flags);
  ndisprot_free(h);
}

/* --- frames */

static unsigned dispatched;
static void count_frame(const struct ndisprot_frame *frame, void *context) {
  ndisprot *h = context;
  unsigned number;
  CHECK(frame->length >= 60 && frame->wire_length == frame->length && frame->time_ns > 0);
  memcpy(&number, frame->data + 14, sizeof number);
  CHECK(number == dispatched);
  CHECK(frame->flags & NDISPROT_LOOPED);
  /* A callback that uses the handle all the same is refused, and does no harm. */
  CHECK(ndisprot_close(h) == -EBUSY);
  dispatched++;
}

static void frames(void) {
  ndisprot *h = open_session();
  unsigned char frame[1514], back[1600];
  struct ndisprot_frame about, list[7];
  struct ndisprot_report report = {0};
  report.size = sizeof report;
  for (unsigned i = 0; i < 20; i++) {
    own_frame(h, frame, 60 + i * 70, i);
    GIVES(0, h, ndisprot_write(h, frame, 60 + i * 70, 5000));
    GIVES(60 + i * 70, h, ndisprot_read(h, back, sizeof back, &about, 5000));
    CHECK(!memcmp(frame, back, 60 + i * 70) && about.data == back && about.flags == NDISPROT_LOOPED);
  }
  /* A buffer that is too small cuts. */
  own_frame(h, frame, 300, 9);
  GIVES(0, h, ndisprot_write(h, frame, 300, 5000));
  GIVES(100, h, ndisprot_read(h, back, 100, &about, 5000));
  CHECK(about.flags == (NDISPROT_LOOPED | NDISPROT_TRUNCATED) && about.wire_length == 300 && about.length == 100);

  /* In batches, in order, with other calls in between; the frames stay where they are. */
  for (unsigned i = 0; i < 100; i++) {
    own_frame(h, frame, 60, i);
    GIVES(0, h, ndisprot_queue(h, frame, 60, -1));
  }
  GIVES(0, h, ndisprot_flush(h, &report, 10000));
  CHECK(report.submitted == 100 && report.sent == 100 && !report.failed && !report.unknown && !report.first_error);
  for (unsigned expected = 0; expected < 100;) {
    int n = ndisprot_read_batch(h, list, 7, 5000);
    CHECK(n > 0 && n <= 7);
    unsigned char address[6];
    GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6));
    for (int i = 0; i < n; i++, expected++) {
      unsigned number;
      memcpy(&number, list[i].data + 14, sizeof number);
      CHECK(number == expected && list[i].length == 60);
    }
  }
  GIVES(-EAGAIN, h, ndisprot_read_batch(h, list, 7, 0));
  GIVES(-EINVAL, h, ndisprot_read_batch(h, list, 0, 0));

  /* Single reads while reads are pended, and after they were taken back. */
  for (unsigned i = 0; i < 6; i++) {
    own_frame(h, frame, 200, i);
    GIVES(0, h, ndisprot_write(h, frame, 200, 5000));
  }
  GIVES(200, h, ndisprot_read(h, back, sizeof back, NULL, 5000));
  GIVES(50, h, ndisprot_read(h, back, 50, &about, 5000));
  CHECK(about.flags & NDISPROT_TRUNCATED);
  GIVES(0, h, ndisprot_cancel_reads(h));
  for (unsigned i = 2; i < 6; i++) {
    unsigned number;
    GIVES(200, h, ndisprot_read(h, back, sizeof back, NULL, 5000));
    memcpy(&number, back + 14, sizeof number);
    CHECK(number == i);
  }
  /* Without a copy. */
  for (unsigned i = 0; i < 50; i++) {
    own_frame(h, frame, 90, i);
    GIVES(0, h, ndisprot_queue(h, frame, 90, 1000));
  }
  GIVES(0, h, ndisprot_flush(h, NULL, 10000));
  while (dispatched < 50) CHECK(ndisprot_dispatch(h, count_frame, h, 5000) > 0);
  GIVES(-EAGAIN, h, ndisprot_dispatch(h, count_frame, h, 0));
  GIVES(-ETIMEDOUT, h, ndisprot_dispatch(h, count_frame, h, 10));

  /* One message, with what became of each frame. */
  struct iovec vectors[3];
  int results[3] = {1, 1, 1};
  unsigned char wrong[60] = {0};
  own_frame(h, frame, 60, 1);
  for (int i = 0; i < 3; i++) vectors[i].iov_base = i == 1 ? wrong : frame, vectors[i].iov_len = 60;
  GIVES(2, h, ndisprot_write_batch(h, vectors, 3, results, 5000));
  CHECK(results[0] == 0 && results[1] == -EPROTOTYPE && results[2] == 0);
  GIVES(0, h, ndisprot_write_batch(h, NULL, 0, NULL, 5000));
  GIVES(0, h, ndisprot_queue(h, wrong, 60, 1000));
  static unsigned char huge[200000];
  GIVES(0, h, ndisprot_queue(h, huge, sizeof huge, 1000));
  GIVES(-EMSGSIZE, h, ndisprot_write(h, huge, sizeof huge, 1000));
  GIVES(0, h, ndisprot_flush(h, &report, 10000));
  CHECK(report.submitted == 2 && report.failed == 2 && report.sent == 0);
  CHECK(report.first_error == -EPROTOTYPE || report.first_error == -EMSGSIZE);
  ndisprot_free(h);
}

/* --- what a program with a loop needs */

static void loop(void) {
  ndisprot *h = open_session();
  unsigned char frame[60];
  struct ndisprot_frame list[8];
  unsigned seen = 0, sent = 0;
  while (seen < 200) {
    int n;
    while ((n = ndisprot_read_batch(h, list, 8, 0)) > 0) seen += (unsigned)n;
    GIVES(-EAGAIN, h, n);
    if (seen == 200) break;
    if (sent == seen && sent < 200) {
      own_frame(h, frame, 60, sent++);
      GIVES(0, h, ndisprot_queue(h, frame, 60, 0));
    }
    n = ndisprot_flush(h, NULL, 0);
    CHECK(n == 0 || n == -EAGAIN);
    /* The flush may have met frames; right before each poll, take what is there. */
    if ((n = ndisprot_read_batch(h, list, 8, 0)) > 0) {
      seen += (unsigned)n;
      continue;
    }
    struct pollfd ready = {ndisprot_fd(h), POLLIN, 0};
    CHECK(poll(&ready, 1, 20000) == 1);
  }
  ndisprot_free(h);
}

/* --- OIDs, bindings, statistics, groups */

static unsigned counters, opens;
static void count_counter(const struct ndisprot_counter *counter, void *context) {
  CHECK(context == &counters && *counter->name && counter->object);
  if (counter->object == NDISPROT_OF_OPEN && !strcmp(counter->name, "txSent")) opens++;
  counters++;
}

static void values(void) {
  ndisprot *h = open_session();
  struct ndisprot_grant grant = {0};
  grant.size = sizeof grant;
  GIVES(0, h, ndisprot_grant(h, &grant));
  CHECK(grant.mtu == 1500 && grant.ethertype_count == 1 && grant.ethertypes[0] == TYPE && grant.ifindex > 0);
  unsigned char address[6];
  GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, sizeof address));
  CHECK(!memcmp(address, grant.address, 6));
  uint32_t mtu = 0, filter = NDISPROT_FILTER_DIRECTED | NDISPROT_FILTER_BROADCAST, read_back = 0;
  GIVES(4, h, ndisprot_query_oid(h, NDISPROT_OID_MAXIMUM_FRAME_SIZE, &mtu, sizeof mtu));
  CHECK(mtu == 1500);
  GIVES(0, h, ndisprot_set_oid(h, NDISPROT_OID_PACKET_FILTER, &filter, sizeof filter));
  GIVES(4, h, ndisprot_query_oid(h, NDISPROT_OID_PACKET_FILTER, &read_back, sizeof read_back));
  CHECK(read_back == filter);
  unsigned char lldp[6] = {0x01, 0x80, 0xC2, 0, 0, 0x0E}, list[12] = {0};
  GIVES(0, h, ndisprot_join(h, lldp));
  GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_MULTICAST_LIST, list, sizeof list));
  CHECK(!memcmp(list, lldp, 6));
  GIVES(0, h, ndisprot_leave(h, lldp));
  GIVES(-ENOENT, h, ndisprot_leave(h, lldp));
  GIVES(-ENOSPC, h, ndisprot_join(h, grant.address));

  struct ndisprot_binding *bindings = NULL;
  int n = ndisprot_bindings(h, &bindings, sizeof *bindings), found = 0;
  CHECK(n >= 1);
  for (int i = 0; i < n; i++)
    if (!strcmp(bindings[i].name, interface_name)) {
      found = 1;
      CHECK(bindings[i].ifindex == grant.ifindex && bindings[i].opens >= 1 && bindings[i].powered == 1);
      CHECK(bindings[i].state == NDISPROT_STATE_RUNNING && !memcmp(bindings[i].address, address, 6));
    }
  CHECK(found);
  free(bindings);
  GIVES(-EINVAL, h, ndisprot_bindings(h, NULL, sizeof *bindings));
  const char *absent = "np7";
  GIVES(-EAGAIN, h, ndisprot_wait(h, &absent, 1, 0));
  GIVES(-ETIMEDOUT, h, ndisprot_wait(h, &absent, 1, 30));
  GIVES(0, h, ndisprot_wait(h, NULL, 0, 5000));
  n = ndisprot_statistics(h, 0, count_counter, &counters);
  CHECK(n > 0 && (unsigned)n == counters && opens >= 1);
  ndisprot_free(h);
}

/* --- events: the test sets the link down and up */

static void events(void) {
  ndisprot *h;
  struct ndisprot_event event = {0};
  event.size = sizeof event;
  GIVES(0, h, ndisprot_connect(&h, NULL, 20000));
  GIVES(0, h, ndisprot_wait(h, &interface_name, 1, 20000));
  GIVES(-EBADF, h, ndisprot_next_event(h, &event, 0));
  GIVES(0, h, ndisprot_subscribe(h, NDISPROT_EVENT_BIT(NDISPROT_MTU) | NDISPROT_EVENT_BIT(NDISPROT_LINK), 0));
  GIVES(-EAGAIN, h, ndisprot_next_event(h, &event, 0));
  line("ready");
  GIVES(0, h, ndisprot_next_event(h, &event, 60000));
  CHECK(event.kind == NDISPROT_MTU && event.has_binding && event.binding.mtu == 1400);
  CHECK(!strcmp(event.binding.name, interface_name) && event.sequence == 1 && event.lost == 0);
  ndisprot_free(h);
}

/* --- interrupts */

static ndisprot *interrupted;
static void on_alarm(int signal) {
  (void)signal;
  ndisprot_interrupt(interrupted);
}

static void *interrupt_soon(void *unused) {
  usleep(100000);
  ndisprot_interrupt(interrupted);
  return unused;
}

static void interrupts(void) {
  unsigned char frame[2000];
  struct ndisprot_frame list[4];
  interrupted = open_session();
  signal(SIGALRM, on_alarm);
  alarm(1);
  GIVES(-EINTR, interrupted, ndisprot_read(interrupted, frame, sizeof frame, NULL, -1));
  CHECK(strstr(ndisprot_error(interrupted), "interrupted"));
  GIVES(-EINTR, interrupted, ndisprot_read_batch(interrupted, list, 4, -1));
  ndisprot_clear_interrupt(interrupted);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, interrupt_soon, NULL) == 0);
  GIVES(-EINTR, interrupted, ndisprot_read_batch(interrupted, list, 4, -1));
  pthread_join(thread, NULL);
  ndisprot_clear_interrupt(interrupted);
  GIVES(6, interrupted, ndisprot_query_oid(interrupted, NDISPROT_OID_CURRENT_ADDRESS, frame, 6));
  own_frame(interrupted, frame, 60, 0);
  GIVES(0, interrupted, ndisprot_write(interrupted, frame, 60, 5000));
  GIVES(1, interrupted, ndisprot_read_batch(interrupted, list, 4, 5000));
  ndisprot_free(interrupted);
}

/* --- fork */

static void forks(void) {
  ndisprot *h = open_session();
  unsigned char address[6];
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    ndisprot_free(h); /* the parent's: no byte of it may be sent or taken here */
    h = open_session();
    GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6));
    ndisprot_free(h);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6));
  ndisprot_free(h);
}

/* --- many sessions, and no memory the dearer for it */

static long resident(void) {
  long pages = 0, private_pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  CHECK(f && fscanf(f, "%ld %ld", &pages, &private_pages) == 2);
  fclose(f);
  return private_pages;
}

static void sessions(long count) {
  unsigned char address[6];
  long early = 0;
  for (long i = 0; i < count; i++) {
    ndisprot *h = open_session();
    GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6));
    GIVES(0, h, ndisprot_close(h));
    ndisprot_free(h);
    if (i == 20) early = resident();
  }
  if (count > 1000) CHECK(resident() <= early + 64);
}

/* --- threads with a handle each */

static void *ask_often(void *unused) {
  unsigned char address[6], frame[60];
  struct ndisprot_frame list[4];
  ndisprot *h = open_session();
  for (int i = 0; i < 50; i++) {
    GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6));
    own_frame(h, frame, 60, (unsigned)i);
    GIVES(0, h, ndisprot_queue(h, frame, 60, 1000));
    GIVES(0, h, ndisprot_flush(h, NULL, 5000));
    CHECK(ndisprot_read_batch(h, list, 4, 5000) > 0);
  }
  ndisprot_free(h);
  return unused;
}

static void threads(long count) {
  pthread_t list[16];
  CHECK(count <= 16);
  for (long i = 0; i < count; i++) CHECK(pthread_create(&list[i], NULL, ask_often, NULL) == 0);
  for (long i = 0; i < count; i++) CHECK(pthread_join(list[i], NULL) == 0);
}

/* --- requests that do not wait */

static void requests(void) {
  ndisprot *h = open_session();
  unsigned char frame[60];
  uint64_t ids[4], write_id;
  struct ndisprot_request request = {0};
  struct ndisprot_completion done = {0};
  request.size = sizeof request, done.size = sizeof done;
  GIVES(-EAGAIN, h, ndisprot_reap(h, &done, 0));
  request.kind = NDISPROT_REQUEST_READ, request.out_size = 1514;
  for (int i = 0; i < 4; i++) GIVES(0, h, ndisprot_submit(h, &request, &ids[i], 1000));
  GIVES(-EAGAIN, h, ndisprot_reap(h, &done, 0));
  own_frame(h, frame, 60, 77);
  request.kind = NDISPROT_REQUEST_WRITE, request.in = frame, request.in_size = 60, request.out_size = 0;
  GIVES(0, h, ndisprot_submit(h, &request, &write_id, 1000));
  int seen = 0;
  for (int i = 0; i < 2; i++) {
    GIVES(0, h, ndisprot_reap(h, &done, 5000));
    CHECK(done.status.error == 0);
    if (done.id == ids[0]) {
      CHECK(done.length == 60 && !memcmp(done.data, frame, 60) && done.time_ns && done.flags == NDISPROT_LOOPED);
      seen |= 1;
    } else {
      CHECK(done.id == write_id);
      seen |= 2;
    }
  }
  CHECK(seen == 3);
  GIVES(0, h, ndisprot_cancel(h, ids[2], 1000));
  GIVES(0, h, ndisprot_reap(h, &done, 5000));
  CHECK(done.id == ids[2] && done.status.error == ECANCELED && done.status.ntstatus == 0xC0000120u);
  GIVES(-ENOENT, h, ndisprot_cancel(h, ids[2], 1000));
  GIVES(0, h, ndisprot_close(h));
  for (int i = 0; i < 2; i++) {
    GIVES(0, h, ndisprot_reap(h, &done, 5000));
    CHECK((done.id == ids[1] || done.id == ids[3]) && done.status.error == ECANCELED);
  }
  GIVES(-EAGAIN, h, ndisprot_reap(h, &done, 0));

  /* The sample's requests, byte for byte. */
  unsigned char bytes[1024] = {0};
  size_t size = 0;
  struct ndisprot_status status = {0};
  status.size = sizeof status;
  GIVES(0, h, ndisprot_device_control(h, 0x12C810, NULL, 0, NULL, 0, &size, 10000));
  GIVES(0, h, ndisprot_device_control(h, 0x12C80C, bytes, 20, bytes, sizeof bytes, &size, 10000));
  CHECK(size == 30u + bytes[16] && bytes[4] == 20 && bytes[8] == 6 && bytes[20] == 'n');
  memset(bytes, 0, sizeof bytes);
  GIVES(-EOVERFLOW, h, ndisprot_device_control(h, 0x12C80C, bytes, 20, bytes, 21, &size, 10000));
  ndisprot_last_status(h, &status);
  CHECK(status.ntstatus == 0x80000005u && size == 20 && bytes[8] == 6);
  memset(bytes, 0, sizeof bytes);
  bytes[0] = 99;
  GIVES(-ENOENT, h, ndisprot_device_control(h, 0x12C80C, bytes, 20, bytes, sizeof bytes, &size, 10000));
  ndisprot_last_status(h, &status);
  CHECK(status.ntstatus == 0x8000001Au && size == 0);
  GIVES(-EOPNOTSUPP, h, ndisprot_device_control(h, 0x12C808, NULL, 0, NULL, 0, NULL, 10000));
  GIVES(-ENOTCONN, h, ndisprot_device_control(h, 0x12C804, bytes, 12, bytes, 100, &size, 10000));
  GIVES(0, h, ndisprot_device_control(h, 0x12C800, "n\0p\0" "0\0", 6, NULL, 0, &size, 20000));
  CHECK(size == 0);
  memcpy(bytes, "\x02\x01\x01\x01\0\0\0\0", 8);
  GIVES(0, h, ndisprot_device_control(h, 0x12C804, bytes, 12, bytes, 100, &size, 10000));
  struct ndisprot_grant grant = {0};
  grant.size = sizeof grant;
  GIVES(0, h, ndisprot_grant(h, &grant));
  CHECK(size == 14 && !memcmp(bytes + 8, grant.address, 6) && grant.ethertypes[0] == 0x888E);
  ndisprot_free(h);
}

/* --- a daemon that goes and comes back: the test kills and starts it */

static void resume(void) {
  ndisprot *h = open_session();
  unsigned char frame[60];
  struct ndisprot_frame list[4];
  struct ndisprot_report report = {0};
  struct ndisprot_request request = {0};
  struct ndisprot_completion done = {0};
  uint64_t id;
  report.size = sizeof report, request.size = sizeof request, done.size = sizeof done;
  GIVES(0, h, ndisprot_subscribe(h, NDISPROT_ALL_EVENTS & ~NDISPROT_EVENT_BIT(NDISPROT_SHUTDOWN), 0));
  GIVES(-EAGAIN, h, ndisprot_read_batch(h, list, 4, 0));
  request.kind = NDISPROT_REQUEST_READ, request.out_size = 1514;
  GIVES(0, h, ndisprot_submit(h, &request, &id, 1000));
  own_frame(h, frame, 60, 5);
  for (int i = 0; i < 3; i++) GIVES(0, h, ndisprot_queue(h, frame, 60, 1000));
  line("kill");
  GIVES(-ECONNRESET, h, ndisprot_flush(h, &report, 5000));
  CHECK(report.submitted == 3 && report.unknown == 3 && report.sent == 0 && report.failed == 0);
  GIVES(-ECONNRESET, h, ndisprot_write(h, frame, 60, 5000));
  CHECK(strstr(ndisprot_error(h), "daemon"));
  GIVES(-EBUSY, h, ndisprot_resume(h, 1000));
  GIVES(0, h, ndisprot_reap(h, &done, 1000)); /* completes, once */
  CHECK(done.id == id && done.status.error == ECONNRESET);
  GIVES(-ECONNRESET, h, ndisprot_reap(h, &done, 1000));
  int n = ndisprot_resume(h, 0);
  CHECK(n == -ENOENT || n == -ECONNREFUSED);
  line("start");
  GIVES(0, h, ndisprot_resume(h, 60000));
  GIVES(0, h, ndisprot_write(h, frame, 60, 5000));
  GIVES(1, h, ndisprot_read_batch(h, list, 4, 20000));
  GIVES(0, h, ndisprot_flush(h, &report, 5000));
  CHECK(report.submitted == 0);
  ndisprot_free(h);
}

/* --- speed, for callgrind and for the wall */

static void nothing(const struct ndisprot_frame *frame, void *context) { *(unsigned long *)context += frame->length; }

/* One message of 60-byte frames to itself at a time, so that none is lost however slow this runs. */
static void speed(const char *mode, long count) {
  ndisprot *h = open_session();
  unsigned char frame[60], address[6];
  static struct ndisprot_frame list[4096];
  unsigned long bytes = 0;
  own_frame(h, frame, 60, 0);
  if (strcmp(mode, "queue") && strcmp(mode, "query") && strcmp(mode, "dispatch") && strcmp(mode, "batch"))
    CHECK(!"queue, query, dispatch, batch");
  double start = now();
  if (!strcmp(mode, "query"))
    for (long i = 0; i < count; i++)
      GIVES(6, h, ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6));
  else if (!strcmp(mode, "queue")) {
    memcpy(frame, "\x02\0\0\0\0\x0b", 6);
    for (long i = 0; i < count; i++) GIVES(0, h, ndisprot_queue(h, frame, 60, -1));
    GIVES(0, h, ndisprot_flush(h, NULL, 60000));
  } else {
    line("ready"); /* the test sends all frames now: they wait in the daemon */
    start = now();
    for (long seen = 0; seen < count;) {
      int n = *mode == 'd' ? ndisprot_dispatch(h, nothing, &bytes, 60000) : ndisprot_read_batch(h, list, 4096, 60000);
      CHECK(n > 0);
      seen += n;
    }
  }
  printf("%s: %.1f ns each\n", mode, (now() - start) / (double)count * 1e9);
  ndisprot_free(h);
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  long count = argc > 2 ? atol(argv[2]) : 1;
  CHECK(!strcmp(ndisprot_version(), VERSION));
  if (!strcmp(mode, "errors")) errors();
  else if (!strcmp(mode, "structures")) structures();
  else if (!strcmp(mode, "frames")) frames();
  else if (!strcmp(mode, "loop")) loop();
  else if (!strcmp(mode, "values")) values();
  else if (!strcmp(mode, "events")) events();
  else if (!strcmp(mode, "interrupts")) interrupts();
  else if (!strcmp(mode, "forks")) forks();
  else if (!strcmp(mode, "sessions")) sessions(count);
  else if (!strcmp(mode, "threads")) threads(count);
  else if (!strcmp(mode, "requests")) requests();
  else if (!strcmp(mode, "resume")) resume();
  else if (!strcmp(mode, "speed")) speed(argc > 3 ? argv[3] : "", count);
  else CHECK(!"a mode that there is");
  return 0;
}
