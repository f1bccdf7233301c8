// The same work without JavaScript: `baseline reads FILE SIZE KIND COUNT` prints nanoseconds a read,
// `baseline opens FILE COUNT` nanoseconds a round of open, lock, map, read one byte and close.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static void check(int ok, const char *what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static uint32_t state = 2463534242u;

static inline uint32_t step(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

#define READ(type, name)                                                   \
  static double name(const uint8_t *data, uint32_t range, long count) {    \
    double sum = 0;                                                        \
    for (long i = 0; i < count; ++i) {                                     \
      type value;                                                          \
      memcpy(&value, data + step() % range, sizeof value);                 \
      sum += value;                                                        \
    }                                                                      \
    return sum;                                                            \
  }

READ(double, readDouble)
READ(uint32_t, readUInt32)
READ(uint8_t, readUInt8)

// The next offset comes from the value just read.
static double readChain(const uint8_t *data, uint32_t range, long count) {
  uint32_t value = 0;
  for (long i = 0; i < count; ++i) memcpy(&value, data + (step() ^ value) % range, sizeof value);
  return value;
}

static int reads(char **argv) {
  const size_t size = strtoull(argv[3], NULL, 10);
  const char *kind = argv[4];
  const long count = atol(argv[5]);
  const int file = open(argv[2], O_RDONLY);
  check(file >= 0, "open");
  const uint8_t *data = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  check(data != MAP_FAILED, "mmap");
  double (*run)(const uint8_t *, uint32_t, long) = !strcmp(kind, "DoubleLE")   ? readDouble
                                                   : !strcmp(kind, "UInt32LE") ? readUInt32
                                                   : !strcmp(kind, "UInt8")    ? readUInt8
                                                                               : readChain;
  volatile double sink = run(data, (uint32_t)(size - 7), count / 10 + 1);
  const double started = now();
  sink = run(data, (uint32_t)(size - 7), count);
  printf("%.3f\n", (now() - started) / count);
  return sink == 1;
}

static int opens(char **argv) {
  const long count = atol(argv[3]);
  unsigned sum = 0;
  const double started = now();
  for (long i = 0; i < count; ++i) {
    const int file = open(argv[2], O_RDONLY | O_CLOEXEC);
    check(file >= 0, "open");
    check(flock(file, LOCK_SH | LOCK_NB) == 0, "flock");
    struct stat info;
    check(fstat(file, &info) == 0, "fstat");
    uint8_t *data = mmap(NULL, info.st_size, PROT_READ, MAP_SHARED, file, 0);
    check(data != MAP_FAILED, "mmap");
    sum += *(volatile uint8_t *)data;
    check(munmap(data, info.st_size) == 0, "munmap");
    close(file);
  }
  printf("%.3f\n", (now() - started) / count);
  return sum == 1;
}

int main(int argc, char **argv) {
  if (argc == 6 && !strcmp(argv[1], "reads")) return reads(argv);
  if (argc == 4 && !strcmp(argv[1], "opens")) return opens(argv);
  return 2;
}
