// For libraries that are preloaded and have a syscall(2) of their own.
#include <dlfcn.h>
#include <stdarg.h>

/** Calls that of the C library. */
static long forwardSyscall(long number, va_list given) {
  long each[6];
  for (int index = 0; index < 6; ++index) each[index] = va_arg(given, long);
  return ((long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"))(number, each[0], each[1], each[2], each[3], each[4], each[5]);
}
