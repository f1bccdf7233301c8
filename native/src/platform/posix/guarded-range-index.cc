// The index of guarded windows: see guarded-range-index.h.
#include "platform/posix/guarded-range-index.h"

namespace fmmap::platform {

// --- in a handler ---

GuardedRange* GuardedRangeIndex::Walk::find(const std::uint8_t* address) const {
  GuardedRange* found = nullptr;  // the last one that starts at the address or before
  const GuardedRange::Hook* hooks = index_.first_;
  for (int level = GuardedRange::kLevels; level > 0; --level) {
    for (GuardedRange* range = hooks[level].next; range && range->start <= address; range = hooks[level].next) {
      found = range;
      hooks = range->hooks;
    }
  }
  const bool isInside = found && static_cast<std::size_t>(address - found->start) < found->window.capacity;
  return isInside ? found : nullptr;
}

GuardedRange::Link& GuardedRangeIndex::chainOf(const Fault* fault) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;  // spreads addresses that differ in a few bits
  return chains_[static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(fault)) * golden >> (64 - kChainBits)];
}

// --- outside of it ---

int GuardedRangeIndex::drawHeight() {
  random_ = random_ * 6364136223846793005 + 1442695040888963407;  // Knuth's
  int height = 1;
  for (std::uint64_t rest = random_ >> 32; rest % 4 == 0 && height < GuardedRange::kLevels; rest /= 4) ++height;
  return height;
}

void GuardedRangeIndex::add(GuardedRange* range) {
  range->hooks[GuardedRange::kChain].from = &chainOf(range->window.fault);
  GuardedRange::Hook* hooks = first_;
  for (int level = GuardedRange::kLevels; level > 0; --level) {
    for (GuardedRange* next = hooks[level].next; next && next->start < range->start; next = hooks[level].next) {
      hooks = next->hooks;
    }
    range->hooks[level].from = &hooks[level].next;
  }
  range->height = drawHeight();
  for (int level = 0; level <= range->height; ++level) {
    GuardedRange::Hook& hook = range->hooks[level];
    GuardedRange* const next = *hook.from;
    hook.next = next;
    if (next) next->hooks[level].from = &hook.next;
  }
  for (int level = 0; level <= range->height; ++level) *range->hooks[level].from = range;
}

void GuardedRangeIndex::remove(GuardedRange* range) {
  for (int level = 0; level <= range->height; ++level) {
    const GuardedRange::Hook& hook = range->hooks[level];
    GuardedRange* const next = hook.next;
    *hook.from = next;
    if (next) next->hooks[level].from = hook.from;
  }
  range->nextRemoved = removed_;
  removed_ = range;
  deleteRemoved();
}

void GuardedRangeIndex::deleteRemoved() {
  const int other = 1 - epoch_;
  if (walkers_[other] != 0) return;  // the next removal looks again
  while (removedBefore_) {
    const GuardedRange* range = removedBefore_;
    removedBefore_ = range->nextRemoved;
    delete range;
  }
  removedBefore_ = removed_;
  removed_ = nullptr;
  epoch_ = other;
}

}  // namespace fmmap::platform
