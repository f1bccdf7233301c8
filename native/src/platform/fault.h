// What happened to the pages of a mapping that somebody touched: why, and where in the file, in one
// word, so that a signal handler can set both at once. The first one stays.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

namespace fmmap {

// The numbers are known to packages/core/src/errors.ts.
enum class Reason {
  none = 0,
  truncated,  // the page is behind the end of the file
  noSpace,    // a store found no room on the disk
  io,         // the system could not read or write the page
  readOnly,   // a store through a mapping that may only be read
};

/** Why a page could not be used, and the errno of the call that told of it: 0 where there was only a signal. */
struct Why {
  Reason reason = Reason::none;
  int error = 0;

  explicit operator bool() const { return reason != Reason::none; }
  /** In one number, as the library takes it. */
  int code() const { return error << 3 | static_cast<int>(reason); }
};

/** Waits until the handlers that have counted themselves in are gone. */
inline void waitForNone(const std::atomic<int>& visitors) {
  // Microseconds, as a rule; but a handler may have to ask a slow disk what became of a page.
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
    return word_.compare_exchange_strong(none, static_cast<std::uint64_t>(offset) << 11 | static_cast<std::uint64_t>(why.code()));
  }
  void clear() { word_ = 0; }

  /** We are about to cut the file at this size ourselves: what is gone from there on then is no fault. */
  void startCut(std::int64_t size) {
    cutSeen_ = false;
    cut_ = size;
  }
  /** @returns Whether anybody has met a page that was gone. */
  bool endCut() {
    cut_ = -1;
    return cutSeen_.exchange(false);
  }
  /** Whether a page at this offset of the file is gone by our own doing, for a thread that has met it. */
  bool isOwnCut(std::int64_t offset) const {
    const std::int64_t cut = cut_;
    return cut >= 0 && offset >= cut;
  }
  /** @returns Whether it is the first that was met. */
  bool meetCut() { return !cutSeen_.exchange(true); }
  /** Whether the cut that is under way has reached the file. */
  bool isCut() const { return cutSeen_; }

  /** Keeps the guard out of the mapping: waits for handlers at work there, and has others come again until resume(). */
  void suspend() {
    suspended_ = true;
    waitForNone(visitors_);
  }
  void resume() { suspended_ = false; }
  /** For a handler, which counts itself in before it looks, as suspend() looks after it has said so. */
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
  std::atomic<std::uint64_t> word_{0};
  std::atomic<std::int64_t> cut_{-1};
  std::atomic<bool> cutSeen_{false};
  std::atomic<bool> suspended_{false};
  std::atomic<int> visitors_{0};
};

}  // namespace fmmap
