// Finds wards for signal handlers, which may neither lock nor allocate nor wait, while other
// threads add and remove wards at any rate: by address in a skip list, and by fault in chains.
//
// Why it is sound, on any processor: the atomics are sequentially consistent, so there is one order of
// all steps. A handler counts itself in before it follows a link; whoever removes a ward takes the links
// to it away before looking at the counts. So that thread sees the handler, or the handler does not
// get to the ward. A ward is complete before the first link to it is set, and its own links
// stay when it is removed, so a handler that stands on it still gets to all that come after.
#pragma once

#include <atomic>
#include <cstdint>

#include "platform/platform.h"

namespace fmmap::platform {

/** A guarded window. What handlers look at does not change while they can find it, apart from the atomics. */
struct Ward {
  enum class State { open, suspended, gone };
  using Link = std::atomic<Ward*>;
  struct Hook {
    Link next{nullptr};
    Link* from = nullptr;  // what leads here; not for handlers
  };
  static constexpr int kLevels = 8;  // each has a quarter of the one below: enough for a million wards
  static constexpr int kChain = 0;   // before the levels, which count from 1

  explicit Ward(const Guarded& guarded) : start(guarded.data), window(guarded), access(guarded.access) {}

  const std::uint8_t* const start;  // of the window; here, so that a search reads one cache line of a ward
  Hook hooks[1 + kLevels];
  int height = 1;  // levels that it is in
  Ward* nextRemoved = nullptr;
  const Guarded window;
  std::atomic<int> visitors{0};  // handlers at work in the window
  std::atomic<State> state{State::open};
  std::atomic<Access> access;
  std::atomic<int> repairs{0};  // single pages replaced
  std::atomic<int> retries{0};
};

/** Wants static memory: its zeroes are an empty index. */
class WardIndex {
 public:
  // --- by one thread at a time ---
  void add(Ward* ward);
  /** Deletes it, as soon as no handler can be looking at it. */
  void remove(Ward* ward);

  /** For a scope of a handler, in which what it finds stays in memory. */
  class Walk {
   public:
    explicit Walk(WardIndex& index) : index_(index), count_(index.walkers_[index.epoch_]) { ++count_; }
    ~Walk() { --count_; }
    Walk(const Walk&) = delete;

    Ward* find(const std::uint8_t* address) const;
    template <typename Visit>
    void eachOf(const Fault* fault, Visit visit) const {
      for (Ward* ward = index_.chainOf(fault); ward; ward = ward->hooks[Ward::kChain].next) {
        if (ward->window.fault == fault) visit(*ward);
      }
    }

   private:
    WardIndex& index_;
    std::atomic<int>& count_;
  };

 private:
  static constexpr int kChainBits = 12;

  Ward::Link& chainOf(const Fault* fault);
  int drawHeight();
  void deleteRemoved();

  Ward::Hook first_[1 + Ward::kLevels];
  Ward::Link chains_[1 << kChainBits] = {};

  // A ward that was removed waits in two lists, one after the other, and leaves each when nobody is
  // counted in the counter that newcomers do not use at that time, which gets to zero however many come.
  // Then each counter has been seen at zero since the ward was removed.
  std::atomic<int> walkers_[2] = {};
  std::atomic<int> epoch_{0};  // the counter for newcomers
  Ward* removed_ = nullptr;
  Ward* removedBefore_ = nullptr;

  std::uint64_t random_ = 0;
};

}  // namespace fmmap::platform
