// The file behind a mapping: see file.h.
#include "mapping/file.h"

#include <algorithm>
#include <utility>

namespace fmmap {

namespace {

OpenFilePtr own(platform::Handle handle) {
  return handle == platform::kNoHandle ? nullptr : std::make_shared<const OpenFile>(handle);
}

}  // namespace

Status syncNames(platform::Handle directory, platform::Handle file) {
  return platform::canSyncDirectories() ? platform::syncDirectory(directory) : platform::sync(file);
}

// --- opening ---

Status File::open(const platform::OpenRequest& request, const platform::Place& place) {
  name_ = place.path;
  place_ = place;
  platform::Handle file = platform::kNoHandle, parent = platform::kNoHandle;
  if (Status status = platform::open(request, place, &file, &parent); !status) return status;
  open_.file = own(file);
  open_.parent = own(parent);
  isNew_ = open_.parent != nullptr;
  return {};
}

Status File::openMemory(const std::string& name, const std::uint8_t* data, std::int64_t length) {
  name_ = name;
  isMemory_ = true;
  platform::Handle file = platform::kNoHandle;
  if (Status status = platform::openMemory(&file); !status) return status;
  open_.file = own(file);
  if (Status status = platform::resize(file, length); !status) return status;
  return data ? platform::write(file, data, static_cast<std::size_t>(length), 0) : Status{};
}

Status File::inspect(std::int64_t* size, bool* moved) {
  return platform::inspect(open_.file->handle(), place_, size, moved);
}

Status File::settle() {
  if (place_.file != platform::kNoHandle) {
    place_ = {};  // it is nowhere
    return {};
  }
  std::string path;
  if (platform::absolutePath(place_, open_.file->handle(), &path)) {
    place_ = {path};
    return {};
  }
  const Status status = platform::holdDirectory(place_, &place_.directory);
  if (status) open_.directory = own(place_.directory);
  return status;
}

void File::keep() {
  {
    std::lock_guard<std::mutex> guard(state_);
    open_.parent = nullptr;
  }
  isNew_ = false;
}

void File::undo() {
  const auto [file, parent, directory] = copyHandles();
  platform::Identity identity;
  if (isNew_ && file && parent && platform::identity(file->handle(), &identity)) {
    platform::removeEntry(parent->handle(), place_.path, identity);
  }
  isNew_ = false;
}

// --- the open handles ---

OpenFilePtr File::copyHandle() const {
  std::lock_guard<std::mutex> guard(state_);
  return open_.file;
}

File::Handles File::copyHandles() const {
  std::lock_guard<std::mutex> guard(state_);
  return open_;
}

File::Handles File::giveUp() { return std::exchange(open_, {}); }

// --- the advisory lock ---

Status File::takeLock(const OpenFilePtr& file, platform::Lock kind) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  bool acquired = true;
  if (kind != lock_) {
    if (Status status = platform::lock(file->handle(), kind, &acquired); !status) return status;
  }
  if (acquired) {
    lock_ = kind;
    return {};
  }
  lock_ = platform::Lock::none;  // a lock is given up before another one is taken
  isNew_ = false;  // or not ours any more: another process has opened and locked it
  return Status::make(Kind::locked, "flock", "");
}

Status File::lock(HandleId handle, platform::Lock kind, LockClaim claim, const std::function<bool()>& isUser,
                  bool* acquired) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  const OpenFilePtr file = copyHandle();
  if (!file || !isUser()) return Status::make(Kind::closed, "flock", "");
  *acquired = true;
  if (isMemory_) return {};
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

/** The last of several owners gives it back; a handle that owns nothing gives back what the others have. */
Status File::unlock(HandleId handle) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  const OpenFilePtr file = copyHandle();
  if (!file) return Status::make(Kind::closed, "flock", "");
  const auto own = std::find(lockOwners_.begin(), lockOwners_.end(), handle);
  if (own != lockOwners_.end()) lockOwners_.erase(own);
  else lockOwners_.clear();
  return lockOwners_.empty() ? giveLockBack(file) : Status{};
}

void File::endOwner(HandleId handle) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  const auto kept = std::remove(lockOwners_.begin(), lockOwners_.end(), handle);
  const bool wasOwner = kept != lockOwners_.end();
  lockOwners_.erase(kept, lockOwners_.end());
  if (wasOwner && lockOwners_.empty()) giveLockBack(copyHandle());
}

// Closing the file would not do: a process that is being spawned has a copy of its descriptor.
void File::endLock(const OpenFilePtr& file) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  lockOwners_.clear();
  giveLockBack(file);
}

Status File::giveLockBack(const OpenFilePtr& file) {
  if (!file || lock_ == platform::Lock::none) return {};
  bool isDone = true;
  Status status = platform::lock(file->handle(), platform::Lock::none, &isDone);
  if (status) lock_ = platform::Lock::none;
  return status;
}

// --- removal ---

Status File::remove() {
  // The file itself stays open from the check to the unlink, so no other file can get its inode number.
  Handles held = copyHandles();
  if (!held.file) return Status::make(Kind::closed, "unlink", "");
  if (isMemory_) removal_ = Removal::removed;
  if (isNameless()) {
    return Status::make(Kind::unsupported, "unlink", "this file was opened by a descriptor, and has no path");
  }
  if (removal_ == Removal::needsUnlink) {
    platform::Handle directory = platform::kNoHandle;
    if (Status status = platform::openParent(place_, &directory); !status) return status;
    held.parent = own(directory);
    platform::Identity identity;
    if (Status status = platform::identity(held.file->handle(), &identity); !status) return status;
    if (Status status = platform::removeEntry(directory, place_.path, identity); !status) return status;
    removal_ = Removal::needsParentSync;
    std::lock_guard<std::mutex> guard(state_);
    if (open_.file) open_.parent = held.parent;
  }
  if (removal_ == Removal::needsParentSync) {
    if (!held.parent) return Status::make(Kind::closed, "unlink", "");
    if (Status status = syncNames(held.parent->handle(), held.file->handle()); !status) {
      status.detail = "the file is unlinked, but may be back after a crash; call remove() again to sync its directory";
      return status;
    }
    removal_ = Removal::removed;
  }
  return {};
}

// Waits for no work in flight, as closing does not: it does no harm if another thread syncs the directory, too.
void File::finishRemoval() {
  if (removal_ != Removal::needsParentSync) return;
  const auto [file, parent, directory] = copyHandles();
  if (file && parent && syncNames(parent->handle(), file->handle())) removal_ = Removal::removed;
}

}  // namespace fmmap
