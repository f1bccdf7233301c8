// What the compiler makes of the loops of parts/wasm.mjs with all features of the processor: `vectors WORK FILE SIZE …` prints
// milliseconds, and the result, like baseline.c.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static double sum(const uint32_t *words, size_t count) {
  uint32_t total = 0;
  for (size_t i = 0; i < count; ++i) total += words[i];
  return total;
}

// The number of the vector that is nearest to the first one. Sixteen sums, because the compiler may not reorder additions.
static double nearest(const float *vectors, size_t count, size_t dimensions) {
  float least = 1e30f;
  size_t found = 0;
  for (size_t row = 1; row < count; ++row) {
    const float *vector = vectors + row * dimensions;
    float sums[16] = {0};
    for (size_t i = 0; i < dimensions; i += 16) {
      for (size_t lane = 0; lane < 16; ++lane) {
        const float difference = vector[i + lane] - vectors[i + lane];
        sums[lane] += difference * difference;
      }
    }
    float distance = 0;
    for (size_t lane = 0; lane < 16; ++lane) distance += sums[lane];
    if (distance < least) least = distance, found = row;
  }
  return found;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  const size_t size = strtoull(argv[3], NULL, 10);
  const int file = open(argv[2], O_RDONLY);
  const void *data = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  if (file < 0 || data == MAP_FAILED) return perror(argv[2]), 1;
  const size_t dimensions = argc > 4 ? strtoull(argv[4], NULL, 10) : 0;
  const double started = now();
  const double result = dimensions == 0 ? sum(data, size / 4) : nearest(data, size / 4 / dimensions, dimensions);
  printf("%.3f %.17g\n", now() - started, result);
  return 0;
}
