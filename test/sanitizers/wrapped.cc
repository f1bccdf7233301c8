// What the addon calls instead of these functions of the C library when it is built with a sanitizer
// (ld --wrap): the same functions, but not those of the sanitizer.

#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>

extern "C" {

// Every sanitizer turns it into a no-op.
int __wrap_munlock(const void *at, std::size_t length) {
  return static_cast<int>(syscall(SYS_munlock, at, length));
}

// ThreadSanitizer takes the following for reads or writes of all the bytes. These are the file's:
// what the threads of a program load and store there at once is up to the program, and pages are
// replaced under readers by design. None of them handles the addon's own data.

void *__wrap_mmap(void *at, std::size_t length, int protection, int flags, int file, off_t offset) {
  return reinterpret_cast<void *>(syscall(SYS_mmap, at, length, protection, flags, file, offset));
}

void *__wrap_mmap64(void *, std::size_t, int, int, int, off_t) __attribute__((alias("__wrap_mmap")));

void *__wrap_memchr(const void *bytes, int wanted, std::size_t length) {
  const auto *at = static_cast<const volatile unsigned char *>(bytes);
  for (; length > 0; ++at, --length) {
    if (*at == static_cast<unsigned char>(wanted)) return const_cast<unsigned char *>(at);
  }
  return nullptr;
}

void *__wrap_memmem(const void *bytes, std::size_t length, const void *needle, std::size_t size) {
  const auto *at = static_cast<const volatile unsigned char *>(bytes);
  const auto *wanted = static_cast<const volatile unsigned char *>(needle);
  for (; length >= size; ++at, --length) {
    std::size_t same = 0;
    while (same < size && at[same] == wanted[same]) ++same;
    if (same == size) return const_cast<unsigned char *>(at);
  }
  return nullptr;
}

}  // extern "C"
