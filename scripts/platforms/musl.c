// What Debian's C++ library, compiled for glibc, misses in musl. With this, programs that are compiled for musl run with it:
// those that neither throw nor need destructors of variables of threads.
#include <stddef.h>
#include <sys/random.h>
#include <time.h>

char __libc_single_threaded = 0;
unsigned __cpu_model[4];

unsigned arc4random(void) {
  unsigned value = 0;
  return getrandom(&value, sizeof value, 0) == sizeof value ? value : 0;
}

size_t __strftime_l(char *to, size_t size, const char *format, const struct tm *tm, locale_t locale) {
  return strftime_l(to, size, format, tm, locale);
}

int __cpu_indicator_init(void) { return 0; }
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library) { return 0; }
int _dl_find_object(void *address, void *found) { return -1; }
