// Finds guarded ranges for signal handlers: by address in a skip list, and by fault in chains. Handlers may not lock, allocate or
// wait, while other threads add and remove ranges at any rate.
//
// Why it is sound, on any processor: the atomics are sequentially consistent, so all steps have one order. A handler counts
// itself in before it follows a link; a thread that removes a range takes away the links to it before it looks at the counts.
// So either that thread sees the handler, or the handler does not reach the range. A range is complete before the first link to
// it is set, and keeps its own links when it is removed, so a handler that has reached it still reaches all that follow.
#pragma once

#include <atomic>
#include <cstdint>

#include "platform/guard.h"

namespace fmmap::platform {

/** A guarded window. What handlers look at does not change while they can find it, apart from the atomics. */
struct GuardedRange {
  enum class State { open, suspended, gone };
  using Link = std::atomic<GuardedRange*>;
  struct Hook {
    Link next{nullptr};
    Link* from = nullptr;  // the link to this one; not for handlers
  };
  static constexpr int kLevels = 8;  // each has a quarter of the one below: enough for a million ranges
  static constexpr int kChain = 0;   // before the levels, which count from 1

  explicit GuardedRange(const Guarded& guarded) : start(guarded.data), window(guarded), access(guarded.access) {}

  const std::uint8_t* const start;  // of the window; here, so that a search reads one cache line of a range
  Hook hooks[1 + kLevels];
  int height = 1;  // levels that it is in
  GuardedRange* nextRemoved = nullptr;
  const Guarded window;
  std::atomic<int> visitors{0};  // handlers at work in the window
  std::atomic<State> state{State::open};
  std::atomic<Access> access;
  std::atomic<int> repairs{0};  // single pages replaced
  std::atomic<int> retries{0};
};

/** Must be in static memory: zeroes are an empty index. */
class GuardedRangeIndex {
 public:
  // --- by one thread at a time ---
  void add(GuardedRange* range);
  /** Deletes it as soon as no handler can be looking at it. */
  void remove(GuardedRange* range);

  /** A scope of a handler in which what it finds stays in memory. */
  class Walk {
   public:
    explicit Walk(GuardedRangeIndex& index) : index_(index), count_(index.walkers_[index.epoch_]) { ++count_; }
    ~Walk() { --count_; }
    Walk(const Walk&) = delete;

    GuardedRange* find(const std::uint8_t* address) const;
    template <typename Visit>
    void eachOf(const Fault* fault, Visit visit) const {
      for (GuardedRange* range = index_.chainOf(fault); range; range = range->hooks[GuardedRange::kChain].next) {
        if (range->window.fault == fault) visit(*range);
      }
    }

   private:
    GuardedRangeIndex& index_;
    std::atomic<int>& count_;
  };

 private:
  static constexpr int kChainBits = 12;

  GuardedRange::Link& chainOf(const Fault* fault);
  int drawHeight();
  void deleteRemoved();

  GuardedRange::Hook first_[1 + GuardedRange::kLevels];
  GuardedRange::Link chains_[1 << kChainBits] = {};

  // A removed range waits in two lists, one after the other. It leaves each when the counter that newcomers do not use at that
  // time is zero, which it reaches however many come. Then each counter has been zero since the range was removed.
  std::atomic<int> walkers_[2] = {};
  std::atomic<int> epoch_{0};  // the counter for newcomers
  GuardedRange* removed_ = nullptr;
  GuardedRange* removedBefore_ = nullptr;

  std::uint64_t random_ = 0;
};

}  // namespace fmmap::platform
