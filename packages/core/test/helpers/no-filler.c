// LD_PRELOAD: while the file $FMMAP_NO_FILLER exists, no anonymous memory can be mapped over
// readable addresses, and no memory file can be created instead. The kernel behaves so at vm.max_map_count, where V8 does not survive long, either.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "forward.h"

typedef void *(*Map)(void *, size_t, int, int, int, off_t);

static int isSwitchedOn(void) {
  const char *file = getenv("FMMAP_NO_FILLER");
  if (!file || access(file, F_OK) != 0) return 0;
  errno = ENOMEM;
  return 1;
}

static int refuses(int protection, int flags) {
  return (flags & MAP_FIXED) && (flags & MAP_ANONYMOUS) && (protection & PROT_READ) && isSwitchedOn();
}

// How memfd_create is called.
long syscall(long number, ...) {
  if (number == SYS_memfd_create && isSwitchedOn()) return -1;
  va_list given;
  va_start(given, number);
  const long result = forwardSyscall(number, given);
  va_end(given);
  return result;
}

void *mmap(void *at, size_t length, int protection, int flags, int file, off_t offset) {
  if (refuses(protection, flags)) return MAP_FAILED;
  return ((Map)dlsym(RTLD_NEXT, "mmap"))(at, length, protection, flags, file, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int file, off_t offset) {
  if (refuses(protection, flags)) return MAP_FAILED;
  return ((Map)dlsym(RTLD_NEXT, "mmap64"))(at, length, protection, flags, file, offset);
}
