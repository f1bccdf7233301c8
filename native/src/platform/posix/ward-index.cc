// The index of guarded windows: see ward-index.h.
#include "platform/posix/ward-index.h"

namespace fmmap::platform {

// --- in a handler ---

Ward* WardIndex::Walk::find(const std::uint8_t* address) const {
  Ward* found = nullptr;  // the last one that starts at the address or before
  const Ward::Hook* hooks = index_.first_;
  for (int level = Ward::kLevels; level > 0; --level) {
    for (Ward* ward = hooks[level].next; ward && ward->start <= address; ward = hooks[level].next) {
      found = ward;
      hooks = ward->hooks;
    }
  }
  const bool isInside = found && static_cast<std::size_t>(address - found->start) < found->window.capacity;
  return isInside ? found : nullptr;
}

Ward::Link& WardIndex::chainOf(const Fault* fault) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;  // spreads addresses that differ in a few bits
  return chains_[static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(fault)) * golden >> (64 - kChainBits)];
}

// --- outside of it ---

int WardIndex::drawHeight() {
  random_ = random_ * 6364136223846793005 + 1442695040888963407;  // Knuth's
  int height = 1;
  for (std::uint64_t rest = random_ >> 32; rest % 4 == 0 && height < Ward::kLevels; rest /= 4) ++height;
  return height;
}

void WardIndex::add(Ward* ward) {
  ward->hooks[Ward::kChain].from = &chainOf(ward->window.fault);
  Ward::Hook* hooks = first_;
  for (int level = Ward::kLevels; level > 0; --level) {
    for (Ward* next = hooks[level].next; next && next->start < ward->start; next = hooks[level].next) {
      hooks = next->hooks;
    }
    ward->hooks[level].from = &hooks[level].next;
  }
  ward->height = drawHeight();
  for (int level = 0; level <= ward->height; ++level) {
    Ward::Hook& hook = ward->hooks[level];
    Ward* const next = *hook.from;
    hook.next = next;
    if (next) next->hooks[level].from = &hook.next;
  }
  for (int level = 0; level <= ward->height; ++level) *ward->hooks[level].from = ward;
}

void WardIndex::remove(Ward* ward) {
  for (int level = 0; level <= ward->height; ++level) {
    const Ward::Hook& hook = ward->hooks[level];
    Ward* const next = hook.next;
    *hook.from = next;
    if (next) next->hooks[level].from = hook.from;
  }
  ward->nextRemoved = removed_;
  removed_ = ward;
  deleteRemoved();
}

void WardIndex::deleteRemoved() {
  const int other = 1 - epoch_;
  if (walkers_[other] != 0) return;  // the next removal looks again
  while (removedBefore_) {
    const Ward* ward = removedBefore_;
    removedBefore_ = ward->nextRemoved;
    delete ward;
  }
  removedBefore_ = removed_;
  removed_ = nullptr;
  epoch_ = other;
}

}  // namespace fmmap::platform
