// The same work without JavaScript: `baseline WORK FILE ARGUMENTS…` prints its measurement and the
// result of the work, which must be that of the other contenders. See `works` at the end.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
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

static void answer(double value, double sum) { printf("%.3f %.17g\n", value, sum); }

static uint8_t *map(const char *path, size_t size, int protection, int flags) {
  const int file = open(path, protection & PROT_WRITE ? O_RDWR : O_RDONLY);
  check(file >= 0, "open");
  uint8_t *data = mmap(NULL, size, protection, MAP_SHARED | flags, file, 0);
  check(data != MAP_FAILED, "mmap");
  close(file);
  return data;
}

// --- reads at random offsets ---

static uint32_t state;

static inline uint32_t step(void) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

#define READ(type, name)                                                \
  static double name(const uint8_t *data, uint32_t range, long count) { \
    double sum = 0;                                                     \
    for (long i = 0; i < count; ++i) {                                  \
      type value;                                                       \
      memcpy(&value, data + step() % range, sizeof value);              \
      sum += value;                                                     \
    }                                                                   \
    return sum;                                                         \
  }

READ(double, readDouble)
READ(uint32_t, readUInt32)
READ(uint8_t, readUInt8)

static double readWide(const uint8_t *data, uint32_t range, long count) {
  uint64_t sum[2] = {0, 0};
  for (long i = 0; i < count; ++i) {
    uint64_t value[2];
    memcpy(value, data + step() % range, sizeof value);
    sum[0] ^= value[0];
    sum[1] ^= value[1];
  }
  // The upper half goes into the output, or it would not be read.
  return (uint32_t)sum[0] + (sum[1] == 1) * 0.5;
}

// The next offset comes from the value just read.
static double readChain(const uint8_t *data, uint32_t range, long count) {
  uint32_t value = 0;
  for (long i = 0; i < count; ++i) memcpy(&value, data + (step() ^ value) % range, sizeof value);
  return (int32_t)value;
}

static size_t rawSize;

static double readRaw(const uint8_t *data, uint32_t range, long count) {
  volatile uint8_t target[16];
  double sum = 0;
  for (long i = 0; i < count; ++i) {
    memcpy((uint8_t *)target, data + step() % range, rawSize);
    sum += target[0];
  }
  return sum;
}

// FILE SIZE KIND COUNT RANGE: nanoseconds per read; the sum of the first thousand.
static void reads(char **argv) {
  const size_t size = strtoull(argv[1], NULL, 10);
  const char *kind = argv[2];
  const long count = atol(argv[3]);
  const uint32_t range = strtoul(argv[4], NULL, 10);
  const uint8_t *data = map(argv[0], size, PROT_READ, MAP_POPULATE);
  rawSize = atoi(kind);
  double (*run)(const uint8_t *, uint32_t, long) = rawSize                     ? readRaw
                                                   : !strcmp(kind, "DoubleLE") ? readDouble
                                                   : !strcmp(kind, "UInt32LE") ? readUInt32
                                                   : !strcmp(kind, "UInt8")    ? readUInt8
                                                   : !strcmp(kind, "chain")    ? readChain
                                                                               : readWide;
  const uint32_t seed = 2463534242u;
  state = seed;
  const double sum = run(data, range, 1000);
  state = seed;
  const double started = now();
  volatile double sink = run(data, range, count);
  answer((now() - started) / count, sum);
  (void)sink;
}

// --- the whole file in order ---

// FILE SIZE: milliseconds to add up its 32-bit words.
static void sum(char **argv) {
  const size_t size = strtoull(argv[1], NULL, 10);
  const uint32_t *words = (uint32_t *)map(argv[0], size, PROT_READ, MAP_POPULATE);
  const double started = now();
  uint32_t a = 0, b = 0, c = 0, d = 0;
  for (size_t i = 0; i < size / 4; i += 4) {
    a += words[i];
    b += words[i + 1];
    c += words[i + 2];
    d += words[i + 3];
  }
  const uint32_t total = a + b + c + d;
  answer((now() - started) / 1e6, total);
}

// FILE SIZE NEEDLE: milliseconds to find it.
static void search(char **argv) {
  const size_t size = strtoull(argv[1], NULL, 10);
  const uint8_t *data = map(argv[0], size, PROT_READ, MAP_POPULATE);
  const double started = now();
  const uint8_t *found = memmem(data, size, argv[2], strlen(argv[2]));
  answer((now() - started) / 1e6, found ? found - data : -1);
}

// FILE SIZE INDEX: milliseconds to write the offset of each line to INDEX, durably.
static void lines(char **argv) {
  const double started = now();
  const size_t size = strtoull(argv[1], NULL, 10);
  const uint8_t *data = map(argv[0], size, PROT_READ, MAP_POPULATE);
  FILE *index = fopen(argv[2], "wx");
  check(index != NULL, "fopen");
  uint64_t count = 0;
  for (const uint8_t *at = data; (at = memchr(at, '\n', data + size - at)); ++at, ++count) {
    const uint64_t end = at - data;
    check(fwrite(&end, sizeof end, 1, index) == 1, "fwrite");
  }
  check(fflush(index) == 0 && fsync(fileno(index)) == 0, "fsync");
  fclose(index);
  answer((now() - started) / 1e6, count);
}

// --- writes ---

// FILE SIZE STEP VALUE: changes a byte every STEP; milliseconds to flush the changes.
static void flush(char **argv) {
  const size_t size = strtoull(argv[1], NULL, 10);
  const size_t step = strtoull(argv[2], NULL, 10);
  const uint8_t value = atoi(argv[3]);
  uint8_t *data = map(argv[0], size, PROT_READ | PROT_WRITE, MAP_POPULATE);
  for (size_t at = 0; at < size; at += step) data[at] = value;
  const double started = now();
  check(msync(data, size, MS_SYNC) == 0, "msync");
  answer((now() - started) / 1e6, value);
}

// FILE SIZE COUNT TURN: milliseconds to write so many numbers at random offsets, and to flush them.
static void writes(char **argv) {
  const size_t size = strtoull(argv[1], NULL, 10);
  const long count = atol(argv[2]);
  const uint32_t turn = atoi(argv[3]);
  uint8_t *data = map(argv[0], size, PROT_READ | PROT_WRITE, 0);
  for (size_t at = 0; at < size; at += 4096) state += data[at]; // mapped, but not changed
  const double started = now();
  state = 2463534242u;
  for (long i = 0; i < count; ++i) {
    const uint32_t at = step(), value = at + turn;
    memcpy(data + at % (uint32_t)(size - 7), &value, sizeof value);
  }
  check(msync(data, size, MS_SYNC) == 0, "msync");
  answer((now() - started) / 1e6, count);
}

// FILE COUNT: microseconds per round of open, lock, map, read one byte and close.
static void opens(char **argv) {
  const long count = atol(argv[1]);
  unsigned sum = 0;
  const double started = now();
  for (long i = 0; i < count; ++i) {
    const int file = open(argv[0], O_RDONLY | O_CLOEXEC);
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
  answer((now() - started) / 1000 / count, (double)sum / count);
}

// FILE COUNT: likewise, with the system calls of fmmap: into addresses that stay reserved, and with a look at two handlers.
static void opensKept(char **argv) {
  const long count = atol(argv[1]);
  struct stat info;
  check(stat(argv[0], &info) == 0, "stat");
  const size_t size = (info.st_size + 4095) / 4096 * 4096;
  const int reserved = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  uint8_t *data = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE, reserved, -1, 0);
  check(data != MAP_FAILED, "mmap");
  unsigned sum = 0;
  const double started = now();
  for (long i = 0; i < count; ++i) {
    const int file = open(argv[0], O_RDONLY | O_CLOEXEC);
    check(file >= 0, "open");
    check(flock(file, LOCK_SH | LOCK_NB) == 0, "flock");
    check(fstat(file, &info) == 0, "fstat");
    struct sigaction handler;
    check(sigaction(SIGSEGV, NULL, &handler) == 0 && sigaction(SIGBUS, NULL, &handler) == 0, "sigaction");
    check(mmap(data, size, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) == data, "mmap");
    sum += *(volatile uint8_t *)data;
    check(mmap(data, size, PROT_READ | PROT_WRITE, reserved | MAP_FIXED, -1, 0) == data, "mmap");
    check(flock(file, LOCK_UN | LOCK_NB) == 0, "flock");
    close(file);
  }
  answer((now() - started) / 1000 / count, (double)sum / count);
}

// FILE COUNT SIZE: microseconds per record of SIZE bytes, appended with write and fdatasync.
static void append(char **argv) {
  const long count = atol(argv[1]);
  const size_t size = strtoull(argv[2], NULL, 10);
  uint8_t record[4096];
  const int file = open(argv[0], O_WRONLY | O_CREAT | O_APPEND, 0644);
  check(file >= 0, "open");
  const double started = now();
  for (long i = 0; i < count; ++i) {
    memset(record, i & 0x7f, size);
    check(write(file, record, size) == (ssize_t)size, "write");
    check(fdatasync(file) == 0, "fdatasync");
  }
  answer((now() - started) / 1000 / count, count);
}

// FILE COUNT SIZE: the same through a map of a file whose blocks are allocated, with msync.
static void appendMap(char **argv) {
  const long count = atol(argv[1]);
  const size_t size = strtoull(argv[2], NULL, 10);
  const double started = now();
  const int file = open(argv[0], O_RDWR | O_CREAT, 0644);
  check(file >= 0 && posix_fallocate(file, 0, count * size) == 0, "fallocate");
  check(fsync(file) == 0, "fsync");
  uint8_t *data = map(argv[0], count * size, PROT_READ | PROT_WRITE, 0);
  for (long i = 0; i < count; ++i) {
    memset(data + i * size, i & 0x7f, size);
    check(msync(data + i * size / 4096 * 4096, 4096, MS_SYNC) == 0, "msync");
  }
  answer((now() - started) / 1000 / count, count);
}

// FILE SIZE COUNT: nanoseconds per 32-bit element copied from one of COUNT random offsets, and the sum of the copies.
static void gather(char **argv) {
  const size_t size = strtoull(argv[1], NULL, 10);
  const long count = atol(argv[2]);
  const uint8_t *data = map(argv[0], size, PROT_READ, MAP_POPULATE);
  uint32_t *offsets = malloc(count * sizeof *offsets), *target = malloc(count * sizeof *target);
  state = 2463534242u;
  for (long i = 0; i < count; ++i) offsets[i] = step() % (uint32_t)(size - 16);
  memset(target, 0, count * sizeof *target);
  const double started = now();
  for (long i = 0; i < count; ++i) {
    if (i + 16 < count) __builtin_prefetch(data + offsets[i + 16]);
    memcpy(target + i, data + offsets[i], sizeof *target);
  }
  const double value = (now() - started) / count;
  double sum = 0;
  for (long i = 0; i < count; ++i) sum += target[i];
  answer(value, sum);
}

static const struct {
  const char *name;
  int arguments;
  void (*run)(char **);
} works[] = {
    {"reads", 5, reads},   {"sum", 2, sum},       {"search", 3, search}, {"lines", 3, lines},
    {"flush", 4, flush},   {"writes", 4, writes}, {"opens", 2, opens},   {"opensKept", 2, opensKept},   {"append", 3, append},
    {"appendMap", 3, appendMap}, {"gather", 3, gather},
};

int main(int argc, char **argv) {
  for (size_t i = 0; i < sizeof works / sizeof *works; ++i) {
    if (argc != works[i].arguments + 2 || strcmp(argv[1], works[i].name)) continue;
    works[i].run(argv + 2);
    return 0;
  }
  fprintf(stderr, "usage: see %s\n", __FILE__);
  return 2;
}
