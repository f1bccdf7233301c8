// A window, and where the windows of the process are: see window.h.
#include "mapping/window.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <unordered_set>

namespace fmmap {

namespace {

/** Of a window: the file's pages, and the footer. */
constexpr std::size_t kAreas = 2;

/** Where the windows of the process are. */
struct Addresses {
  std::mutex mutex;
  std::unordered_set<const std::uint8_t*> taken;
  /** Where the last ones were, which are likely to be used again. */
  std::array<const std::uint8_t*, 8> left{};
  std::size_t next = 0;
};

Addresses& addresses() {
  static auto* const all = new Addresses();  // environments may end after static destructors
  return *all;
}

}  // namespace

Status claimAddresses(const std::uint8_t* data) {
  Addresses& all = addresses();
  std::lock_guard<std::mutex> guard(all.mutex);
  if (all.taken.count(data) > 0) return Status::system(EBUSY, "mmap", "a file is mapped there already");
  const auto again = std::find(all.left.begin(), all.left.end(), data);
  if (again != all.left.end()) {
    *again = nullptr;
  } else if (Status status = platform::claimAreas(kAreas, "mmap"); !status) {
    return status;
  }
  all.taken.insert(data);
  return {};
}

void retireUnclaimed(std::uint8_t* data, std::size_t length) {
  Addresses& all = addresses();
  std::lock_guard<std::mutex> guard(all.mutex);
  if (all.taken.count(data) == 0) platform::retire(data, length);
}

void withdraw(Window& window) {
  window.raiseFlag();
  platform::suspend(window.range);
  // All of it: a fault may have put pages after those of the file. An area of the same size takes no memory.
  platform::retire(window.data, window.capacity);
  window.mapped = 0;
  platform::unguard(window.range);
  window.range = nullptr;
  // Only now, for until then a signal handler may raise the flag.
  if (window.losesFooter) platform::retire(window.data + window.capacity, platform::pageSize());
  Addresses& all = addresses();
  std::lock_guard<std::mutex> guard(all.mutex);
  // Its areas are there until the engine collects its memory, which nobody is told of: they stay counted.
  if (all.taken.erase(window.data) > 0) all.left[all.next++ % all.left.size()] = window.data;
}

}  // namespace fmmap
