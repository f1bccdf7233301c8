// The first fault of a mapping: why a page could not be used, and where in the file it is. Both are in one word, so that
// a signal handler can set them at once.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace fmmap {

// packages/core/src/errors.ts has the same numbers.
enum class Reason {
  none = 0,
  truncated,  // the page is past the end of the file
  noSpace,    // a store found no room on the disk
  io,         // the system could not read or write the page
  readOnly,   // a store through a mapping that may only be read
};

/** Why a page could not be used, and the errno of the call that said so: 0 if there was only a signal. */
struct Why {
  Reason reason = Reason::none;
  int error = 0;

  explicit operator bool() const { return reason != Reason::none; }
  /** Both in one number, for packages/core. */
  int code() const { return error << 3 | static_cast<int>(reason); }
};

/** Waits until no signal handler is counted in any more. */
inline void waitForNone(const std::atomic<int>& visitors) {
  // Microseconds, as a rule; but a handler may be waiting for a slow disk.
  for (int round = 0; visitors != 0; ++round) {
    if (round < 100) std::this_thread::yield();
    else std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

class Fault {
 public:
  /** False if there was one already. */
  bool set(Why why, std::int64_t offset) {
    std::uint64_t none = 0;  // an offset has 53 bits, an errno 8
    const auto word = static_cast<std::uint64_t>(offset) << 11 | static_cast<std::uint64_t>(why.code());
    if (!word_.compare_exchange_strong(none, word)) return false;
    ++total_;
    return true;
  }
  /** How many there have been in the process. */
  static int total() { return total_; }
  void clear() { word_ = 0; }

  /** This process is about to cut the file at this size: a page that is lost past it is not a fault until endCut(). */
  void startCut(std::int64_t size) {
    cutSeen_ = false;
    cut_ = size;
  }
  /** @returns Whether any thread has touched a page that was cut off. */
  bool endCut() {
    cut_ = -1;
    return cutSeen_.exchange(false);
  }
  /** Whether this process itself has cut off the page at this offset of the file. */
  bool isOwnCut(std::int64_t offset) const {
    const std::int64_t cut = cut_;
    return cut >= 0 && offset >= cut;
  }
  /** A thread has touched a page that was cut off. @returns Whether it is the first. */
  bool meetCut() { return !cutSeen_.exchange(true); }
  /** Whether the current cut is known to have reached the file. */
  bool isCut() const { return cutSeen_; }

  /** Keeps the guard out of the mapping until resume(): waits for handlers at work in it, and makes others retry. */
  void suspend() {
    suspended_ = true;
    waitForNone(visitors_);
  }
  void resume() { suspended_ = false; }
  /** For a handler. It counts itself in before it looks, and suspend() sets its flag before it looks at the count. */
  bool enter() {
    ++visitors_;
    if (!suspended_) return true;
    --visitors_;
    return false;
  }
  void leave() { --visitors_; }

  explicit operator bool() const { return word_ != 0; }
  Why why() const {
    const std::uint64_t word = word_;
    return {static_cast<Reason>(word & 7), static_cast<int>(word >> 3 & 255)};
  }
  std::int64_t offset() const { return static_cast<std::int64_t>(word_ >> 11); }

 private:
  static inline std::atomic<int> total_{0};
  std::atomic<std::uint64_t> word_{0};
  std::atomic<std::int64_t> cut_{-1};
  std::atomic<int> cutSeen_{false};  // exchanged: of single bytes, RISC-V's compilers leave that to a library
  std::atomic<bool> suspended_{false};
  std::atomic<int> visitors_{0};
};

}  // namespace fmmap
