// LD_PRELOAD: with $FMMAP_ERRNO set, which a program may change at any time, ftruncate fails with that error. As on an older
// kernel, madvise does not know the advice $FMMAP_ADVICE, and there is no system call $FMMAP_CALL.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "forward.h"

typedef int (*Truncate)(int, off_t);

static int truncateBy(const char *name, int file, off_t size) {
  const char *error = getenv("FMMAP_ERRNO");
  if (!error) return ((Truncate)dlsym(RTLD_NEXT, name))(file, size);
  errno = atoi(error);
  return -1;
}

int ftruncate(int file, off_t size) { return truncateBy("ftruncate", file, size); }
int ftruncate64(int file, off_t size) { return truncateBy("ftruncate64", file, size); }

int madvise(void *at, size_t length, int advice) {
  const char *unknown = getenv("FMMAP_ADVICE");
  if (!unknown || atoi(unknown) != advice) {
    return ((int (*)(void *, size_t, int))dlsym(RTLD_NEXT, "madvise"))(at, length, advice);
  }
  errno = EINVAL;
  return -1;
}

long syscall(long number, ...) {
  const char *unknown = getenv("FMMAP_CALL");
  if (unknown && atol(unknown) == number) {
    errno = ENOSYS;
    return -1;
  }
  va_list given;
  va_start(given, number);
  const long result = forwardSyscall(number, given);
  va_end(given);
  return result;
}
