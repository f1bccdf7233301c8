// The advisory lock of the file, which all handles of a mapping share. Nothing here waits for it: who wants to wait
// tries again, and so can be stopped at any time.
#include <algorithm>

#include "mapping/mapping.h"

namespace fmmap {

Status Mapping::lockFile(HandleId handle, platform::Lock kind, LockClaim claim, bool* acquired) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  const OpenFilePtr file = this->file();
  if (!file || !isJoined(handle)) return Status::make(Kind::closed, "flock", "");
  *acquired = true;
  if (memory_) return {};
  const bool isOwner = std::find(lockOwners_.begin(), lockOwners_.end(), handle) != lockOwners_.end();
  if (lock_ == platform::Lock::none) {
    Status status = platform::lock(file->handle(), kind, acquired);
    if (!status || !*acquired) return status;
    lock_ = kind;
  } else if (lock_ != kind) {
    return Status::make(Kind::locked, "flock",
                        lock_ == platform::Lock::shared
                            ? "the lock is held shared and cannot be upgraded; unlock() first"
                            : "the lock is held exclusive and cannot be downgraded; unlock() first");
  } else if ((claim.again && isOwner) || (!claim.adopt && lockOwners_.empty())) {
    return {};
  } else if (kind == platform::Lock::exclusive && !lockOwners_.empty()) {
    *acquired = false;
    return {};
  }
  lockOwners_.push_back(handle);
  return {};
}

/** Of several owners the last one gives it back; a handle that owns nothing gives back what the others have. */
Status Mapping::unlockFile(HandleId handle) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  const OpenFilePtr file = this->file();
  if (!file) return Status::make(Kind::closed, "flock", "");
  const auto own = std::find(lockOwners_.begin(), lockOwners_.end(), handle);
  if (own != lockOwners_.end()) lockOwners_.erase(own);
  else lockOwners_.clear();
  return lockOwners_.empty() ? giveLockBack(file) : Status{};
}

Status Mapping::giveLockBack(const OpenFilePtr& file) {
  if (!file || lock_ == platform::Lock::none) return {};
  bool isDone = true;
  Status status = platform::lock(file->handle(), platform::Lock::none, &isDone);
  if (status) lock_ = platform::Lock::none;
  return status;
}

}  // namespace fmmap
