/* The peers that the product is measured against, and the source of its frames: one program, a role a run.
 *
 *   peer ROLE --interface NAME [--core N] ...
 *
 * Each role prints {"event":"ready"} where somebody has to wait for it, and one line of JSON with what it measured. */
#define _GNU_SOURCE
#include "peer.h"

#include <errno.h>
#include <getopt.h>
#include <netinet/ether.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct role {
  const char *name;
  int (*run)(const struct options *);
};

static const struct role roles[] = {
    {"capture", capture_frames}, /* libpcap's pcap_dispatch, blocks or immediate */
    {"file", write_file},        /* a pcap file of frames to send, on standard output */
    {"flood", flood_daemon},     /* no peer: a client that asks without end */
    {"inject", inject_frames},   /* libpcap's pcap_inject, one at a time */
    {"pace", measure_pace},      /* how exactly frames of a rate arrive */
    {"pair", exchange_requests}, /* one request and its answer, between two processes */
    {"ping", ping_frames},       /* one frame out, wait for it to come back */
    {"plain", take_offloads_away},
    {"receive", receive_frames}, /* recvmmsg on a packet socket */
    {"reflect", reflect_frames}, /* raw AF_PACKET: sends back what comes in */
    {"source", send_frames},     /* sendmmsg, at full speed or at a rate */
    {"stream", stream_frames},   /* libpcap, a stream socket, a second process */
};

static void pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

static void stop(int signal) {
  (void)signal;
  is_stopped = true;
}

/* Without SA_RESTART: a receiver that waits in a system call has to see is_stopped. */
static void catch_signals(void) {
  struct sigaction action = {.sa_handler = stop};
  if (sigaction(SIGTERM, &action, NULL) != 0 || sigaction(SIGINT, &action, NULL) != 0) {
    fail("sigaction");
  }
}

static _Noreturn void usage(const char *what) {
  fprintf(stderr, "peer: %s\nusage: peer capture|file|flood|inject|pace|pair|ping|plain|receive|reflect|source|stream --interface NAME ...\n", what);
  exit(64);
}

static const struct option names[] = {
    {"interface", required_argument, NULL, 'i'},  {"destination", required_argument, NULL, 'd'},
    {"ethertype", required_argument, NULL, 'e'},  {"reply-ethertype", required_argument, NULL, 'y'},
    {"count", required_argument, NULL, 'n'},      {"length", required_argument, NULL, 'l'},
    {"batch", required_argument, NULL, 'k'},      {"rate", required_argument, NULL, 'r'},
    {"seconds", required_argument, NULL, 's'},    {"idle-seconds", required_argument, NULL, 'q'},
    {"timeout-ms", required_argument, NULL, 't'}, {"buffer-mib", required_argument, NULL, 'b'},
    {"core", required_argument, NULL, 'c'},       {"immediate", no_argument, NULL, 'm'},
    {"hold", no_argument, NULL, 'h'},             {"socket", required_argument, NULL, 'p'},
    {"question", required_argument, NULL, 'a'},   {NULL, 0, NULL, 0},
};

static void parse(int argc, char **argv, struct options *options) {
  for (int name; (name = getopt_long(argc, argv, "", names, NULL)) != -1;) {
    switch (name) {
      case 'i': options->interface = optarg; break;
      case 'd':
        if (!ether_aton_r(optarg, &options->destination)) usage("--destination takes an address");
        break;
      case 'e': options->etherType = (uint16_t)strtoul(optarg, NULL, 0); break;
      case 'y': options->replyEtherType = (uint16_t)strtoul(optarg, NULL, 0); break;
      case 'n': options->count = strtoull(optarg, NULL, 10); break;
      case 'l': options->length = (uint32_t)strtoul(optarg, NULL, 10); break;
      case 'k': options->batch = (uint32_t)strtoul(optarg, NULL, 10); break;
      case 'r': options->framesPerSecond = strtod(optarg, NULL); break;
      case 's': options->seconds = strtod(optarg, NULL); break;
      case 'q': options->idleSeconds = strtod(optarg, NULL); break;
      case 't': options->timeoutMilliseconds = (uint32_t)strtoul(optarg, NULL, 10); break;
      case 'b': options->bufferMebibytes = (uint32_t)strtoul(optarg, NULL, 10); break;
      case 'c': pin_to(atoi(optarg)); break;
      case 'm': options->immediate = true; break;
      case 'h': options->hold = true; break;
      case 'p': options->socket = optarg; break;
      case 'a': options->question = optarg; break;
      default: usage("unknown option");
    }
  }
  if (!options->interface) usage("--interface is missing");
  if (options->length < 60 || options->length > LONGEST_FRAME) usage("--length is 60 to 16384");
  if (options->batch < 1 || options->batch > 1024) usage("--batch is 1 to 1024");
}

int main(int argc, char **argv) {
  struct options options = {
      .destination = {{0x02, 0, 0, 0, 0, 0x0b}},
      .etherType = 0x88b5,
      .replyEtherType = 0x88b6,
      .count = 1000000,
      .length = 60,
      .batch = 64,
      .seconds = 10,
      .idleSeconds = 0.3,
      .timeoutMilliseconds = 1,
      .bufferMebibytes = 16,
  };
  if (argc < 2) usage("which role?");
  catch_signals();
  for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
    if (strcmp(argv[1], roles[i].name) != 0) continue;
    parse(argc - 1, argv + 1, &options);
    return roles[i].run(&options);
  }
  usage("no such role");
}
