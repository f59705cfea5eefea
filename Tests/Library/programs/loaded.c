/* The library as a plug-in of an interpreter has it: dlopen, eight threads with a handle each, dlclose; the
 * library is unmapped then. loaded LIBRARY */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>

#include "check.h"

static __typeof__(ndisprot_connect) *connect_;
static __typeof__(ndisprot_wait) *wait_;
static __typeof__(ndisprot_open) *open_;
static __typeof__(ndisprot_query_oid) *query_;
static __typeof__(ndisprot_free) *free_;
#define LOOK_UP(library, name) \
  CHECK(((*(void **)&name##_ = dlsym(library, "ndisprot_" #name)) || (*(void **)&name##_ = dlsym(library, "ndisprot_" #name "_oid"))))

static void *ask(void *unused) {
  ndisprot *h;
  struct ndisprot_options options = shared_options();
  unsigned char address[6];
  CHECK(connect_(&h, NULL, 20000) == 0 && wait_(h, &interface_name, 1, 20000) == 0);
  CHECK(open_(h, interface_name, &options) == 0);
  for (int i = 0; i < 200; i++) CHECK(query_(h, NDISPROT_OID_CURRENT_ADDRESS, address, 6) == 6);
  free_(h);
  return unused;
}

int main(int argc, char **argv) {
  CHECK(argc == 2);
  for (int round = 0; round < 3; round++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    CHECK(library);
    LOOK_UP(library, connect);
    LOOK_UP(library, wait);
    LOOK_UP(library, open);
    LOOK_UP(library, query);
    LOOK_UP(library, free);
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) CHECK(pthread_create(&threads[i], NULL, ask, NULL) == 0);
    for (int i = 0; i < 8; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(dlclose(library) == 0);
  }
  return 0;
}
