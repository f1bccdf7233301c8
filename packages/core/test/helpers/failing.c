// LD_PRELOAD: with $FMMAP_ERRNO set, which a program may change as it goes, ftruncate fails with that error.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>

typedef int (*Truncate)(int, off_t);

static int truncateBy(const char *name, int file, off_t size) {
  const char *error = getenv("FMMAP_ERRNO");
  if (!error) return ((Truncate)dlsym(RTLD_NEXT, name))(file, size);
  errno = atoi(error);
  return -1;
}

int ftruncate(int file, off_t size) { return truncateBy("ftruncate", file, size); }
int ftruncate64(int file, off_t size) { return truncateBy("ftruncate64", file, size); }
