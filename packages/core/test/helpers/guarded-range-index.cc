// Tries the index of the fault guard alone: some threads add and remove ranges,
// others look for them as a signal handler would. Prints what was wrong, or nothing.
//
// What is deleted is overwritten and never reused, so that any later access is detected.
#include "platform/posix/guarded-range-index.h"

#include <sched.h>

#include <cstdio>
#include <cstring>
#include <mutex>
#include <new>
#include <random>
#include <thread>
#include <vector>

using namespace fmmap;
using namespace fmmap::platform;

namespace {

constexpr int kWindows = 4000;  // places for one; those with an even number are never empty
constexpr std::uintptr_t kDistance = 0x4000;
constexpr std::size_t kCapacity = 0x3000;
constexpr int kChanges = 400'000;
constexpr int kChangers = 2;
constexpr int kHandlers = 3;

GuardedRangeIndex ranges;
Fault faults[kWindows];
std::atomic<std::uint8_t> flags[kWindows];
std::mutex changing;
std::atomic<int> atWork{kChangers};
std::atomic<int> removed{0};
std::atomic<int> deleted{0};
std::atomic<int> wrong{0};

void expect(bool isTrue, const char* what) {
  if (!isTrue && wrong++ < 10) std::printf("%s\n", what);
}

std::uint8_t* addressOf(int number) { return reinterpret_cast<std::uint8_t*>(0x100000000 + number * kDistance); }

/** An odd one has the fault of the even one before it. */
GuardedRange* newWard(int number) {
  return new GuardedRange(Guarded{addressOf(number), kCapacity, &flags[number], number, 0, Access::read, false, &faults[number & ~1]});
}

void remove(GuardedRange* range) {
  std::lock_guard<std::mutex> guard(changing);
  ranges.remove(range);
  ++removed;
}

void change(int changer) {
  std::mt19937 random(changer);
  std::vector<GuardedRange*> own(kWindows);
  for (int i = 0; i < kChanges; ++i) {
    const int number = static_cast<int>(random() % (kWindows / 2 / kChangers)) * 2 * kChangers + 2 * changer + 1;
    if (own[number]) {
      remove(own[number]);
      own[number] = nullptr;
    } else {
      own[number] = newWard(number);
      std::lock_guard<std::mutex> guard(changing);
      ranges.add(own[number]);
    }
  }
  --atWork;
}

void lookAt(int number, std::size_t offset, bool isSlow) {
  const bool isThere = number % 2 == 0;
  const GuardedRangeIndex::Walk walk(ranges);
  const GuardedRange* range = walk.find(addressOf(number) + offset);
  if (isSlow) sched_yield();
  if (range) expect(range->window.file == number && offset < kCapacity, "found another's range");
  else expect(!isThere || offset >= kCapacity, "did not find a range that was there all the time");
}

void lookFor(int number, bool isSlow) {
  const Fault* fault = &faults[number & ~1];
  bool isFound = false;
  const GuardedRangeIndex::Walk walk(ranges);
  walk.eachOf(fault, [&](const GuardedRange& range) {
    if (isSlow) sched_yield();
    expect(range.window.fault == fault, "found a range of another fault");
    if (range.window.file == (number & ~1)) isFound = true;
  });
  expect(isFound, "did not find a range of a fault that was there all the time");
}

void handle(int handler) {
  std::mt19937 random(100 + handler);
  while (atWork != 0) {
    const int number = static_cast<int>(random() % kWindows);
    const bool isSlow = random() % 8 == 0;
    lookAt(number, random() % 16 * (kDistance / 16), isSlow);
    if (random() % 4 == 0) lookFor(number, isSlow);
  }
}

}  // namespace

void operator delete(void* memory) noexcept { (void)memory; }
void operator delete(void* memory, std::size_t size) noexcept {
  if (size == sizeof(GuardedRange)) ++deleted;
  std::memset(memory, 0x5a, size);
}

int main() {
  for (int number = 0; number < kWindows; number += 2) ranges.add(newWard(number));
  std::vector<std::thread> threads;
  for (int changer = 0; changer < kChangers; ++changer) threads.emplace_back(change, changer);
  for (int handler = 0; handler < kHandlers; ++handler) threads.emplace_back(handle, handler);
  for (std::thread& thread : threads) thread.join();
  // With no reader, a range is deleted when the next one is removed.
  for (int number = 1; number <= 3; ++number) {
    GuardedRange* const range = newWard(number);
    ranges.add(range);
    remove(range);
  }
  expect(deleted == removed - 1, "did not delete what was removed");
  return wrong == 0 ? 0 : 1;
}
