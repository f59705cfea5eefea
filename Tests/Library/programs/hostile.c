/* Everything a program may ask, of a daemon that answers anything: hostile [ROUNDS]. The results do not matter
 * but for what may never be: a crash, bytes beyond a buffer, success for what was not done. */
#include "check.h"

static void take(const struct ndisprot_frame *frame, void *context) {
  unsigned long *sum = context;
  for (uint32_t i = 0; i < frame->length; i++) *sum += frame->data[i];
}

static void take_counter(const struct ndisprot_counter *counter, void *context) {
  *(unsigned long *)context += strlen(counter->name) + strlen(counter->object_name);
}

/* A failure has a sentence; what only says "not yet" has none. */
static void note(ndisprot *h, const char *what, long result) {
  if (result < 0) CHECK(result >= -4095);
  if (result < 0 && result != -EAGAIN) CHECK(*ndisprot_error(h));
  printf("%s %ld %s\n", what, result, result < 0 ? ndisprot_error(h) : "");
}

int main(int argc, char **argv) {
  unsigned long sum = 0;
  for (long round = argc > 1 ? atol(argv[1]) : 1; round > 0; round--) {
    ndisprot *h = NULL;
    struct ndisprot_options options = shared_options();
    int n = ndisprot_connect(&h, NULL, 300);
    note(h, "connect", n);
    if (n == 0) {
      n = ndisprot_open(h, "np0", &options);
      note(h, "open", n);
      struct ndisprot_binding *list = NULL;
      n = ndisprot_bindings(h, &list, sizeof *list);
      note(h, "bindings", n);
      for (int i = 0; i < n; i++) sum += strlen(list[i].name) + strlen(list[i].description);
      free(list);
      unsigned char *buffer = malloc(64), value[6];
      struct ndisprot_frame about, frames[5];
      long length = ndisprot_read(h, buffer, 64, &about, 50);
      note(h, "read", length);
      CHECK(length <= 64);
      length = ndisprot_query_oid(h, NDISPROT_OID_CURRENT_ADDRESS, value, sizeof value);
      note(h, "query", length);
      CHECK(length <= 6);
      memset(buffer, 0, 60);
      note(h, "write", ndisprot_write(h, buffer, 60, 50));
      struct iovec vectors[2] = {{buffer, 60}, {buffer, 60}};
      int errors[2];
      n = ndisprot_write_batch(h, vectors, 2, errors, 50);
      note(h, "write_batch", n);
      CHECK(n <= 2);
      for (int i = 0; i < 3; i++) note(h, "queue", ndisprot_queue(h, buffer, 60, 50));
      struct ndisprot_report report = {0};
      report.size = sizeof report;
      n = ndisprot_flush(h, &report, 50);
      note(h, "flush", n);
      CHECK(report.sent + report.failed + report.unknown <= report.submitted && report.submitted <= 3);
      CHECK(n != 0 || report.sent + report.failed + report.unknown == report.submitted);
      n = ndisprot_read_batch(h, frames, 5, 50);
      note(h, "read_batch", n);
      CHECK(n <= 5);
      for (int i = 0; i < n; i++) take(&frames[i], &sum);
      note(h, "dispatch", ndisprot_dispatch(h, take, &sum, 50));
      note(h, "subscribe", ndisprot_subscribe(h, NDISPROT_ALL_EVENTS, 0));
      struct ndisprot_event event = {0};
      event.size = sizeof event;
      note(h, "event", ndisprot_next_event(h, &event, 50));
      sum += strlen(event.binding.name) + strlen(event.binding.description);
      note(h, "statistics", ndisprot_statistics(h, 0, take_counter, &sum));
      unsigned char out[64] = {0};
      size_t size = 0;
      note(h, "control", ndisprot_device_control(h, 0x12C80C, out, 20, out, sizeof out, &size, 50));
      CHECK(size <= sizeof out);
      struct ndisprot_request request = {0};
      struct ndisprot_completion done = {0};
      uint64_t id = 0;
      request.size = sizeof request, done.size = sizeof done;
      request.kind = NDISPROT_REQUEST_READ, request.out_size = 64;
      n = ndisprot_submit(h, &request, &id, 50);
      note(h, "submit", n);
      if (n == 0) {
        n = ndisprot_reap(h, &done, 50);
        note(h, "reap", n);
        if (n == 0) {
          CHECK(done.id == id);
          for (size_t i = 0; i < done.length; i++) sum += ((const unsigned char *)done.data)[i];
        }
      }
      note(h, "cancel_reads", ndisprot_cancel_reads(h));
      note(h, "close", ndisprot_close(h));
      free(buffer);
    }
    ndisprot_free(h);
  }
  printf("%lu\n", sum & 1);
  return 0;
}
