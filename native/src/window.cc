#include "window.h"

#include <cerrno>
#include <mutex>
#include <unordered_set>

namespace fmmap {

namespace {

/** Where the windows of the process are. */
struct Addresses {
  std::mutex mutex;
  std::unordered_set<const std::uint8_t*> taken;
};

Addresses& addresses() {
  static auto* const all = new Addresses();  // environments may end after static destructors
  return *all;
}

}  // namespace

Status claimAddresses(const std::uint8_t* data) {
  Addresses& all = addresses();
  std::lock_guard<std::mutex> guard(all.mutex);
  if (all.taken.size() >= platform::windowLimit()) {
    return Status::system(ENOMEM, "mmap", "too many files are mapped; close some, or raise vm.max_map_count");
  }
  return all.taken.insert(data).second ? Status{} : Status::system(EBUSY, "mmap", "a file is mapped there already");
}

void retireUnclaimed(std::uint8_t* data, std::size_t length) {
  Addresses& all = addresses();
  std::lock_guard<std::mutex> guard(all.mutex);
  if (all.taken.count(data) == 0) platform::retire(data, length);
}

void withdraw(Window& window) {
  window.raiseFlag();
  platform::suspend(window.ward);
  // All of it: a fault may have put pages behind those of the file. An area of the same size takes no room.
  platform::retire(window.data, window.capacity);
  window.mapped = 0;
  platform::unguard(window.ward);
  window.ward = nullptr;
  Addresses& all = addresses();
  std::lock_guard<std::mutex> guard(all.mutex);
  all.taken.erase(window.data);
}

}  // namespace fmmap
