// Identity-checked, crash-durable removal: needs-unlink -> needs-parent-sync -> removed. Each
// failure leaves the state it happened in, and the next call goes on from there.
#include "mapping/mapping.h"

namespace fmmap {

Status Mapping::remove() {
  ExclusiveLock order(order_);
  // Our own file stays open from the check to the unlink, so nobody gets its inode number.
  OpenFilePtr file, parent, start;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) return Status::make(Kind::closed, "unlink", "");
    file = file_;
    parent = parent_;
    start = directory_;
  }
  if (memory_) removal_ = Removal::removed;
  if (isNameless()) {
    return Status::make(Kind::unsupported, "unlink", "this file was opened by a descriptor, and has no path");
  }
  if (removal_ == Removal::needsUnlink) {
    platform::Handle directory = platform::kNoHandle;
    if (Status status = platform::openParent(place_, &directory); !status) return status;
    parent = std::make_shared<const OpenFile>(directory);
    if (Status status = platform::removeEntry(directory, place_.path, identity_); !status) return status;
    removal_ = Removal::needsParentSync;
    std::lock_guard<std::mutex> guard(state_);
    if (!closed_) parent_ = parent;
  }
  if (removal_ == Removal::needsParentSync) {
    if (!parent) return Status::make(Kind::closed, "unlink", "");
    if (Status status = platform::syncDirectory(parent->handle()); !status) {
      status.detail = "the file is unlinked, but may be back after a crash; call remove() again to sync its directory";
      return status;
    }
    removal_ = Removal::removed;
  }
  return {};
}

/** Waits for no work in flight, as close() does not: another thread that syncs the directory as well does no harm. */
void Mapping::finishRemoval() {
  if (removal_ != Removal::needsParentSync) return;
  OpenFilePtr parent;
  {
    std::lock_guard<std::mutex> guard(state_);
    parent = parent_;
  }
  if (parent && platform::syncDirectory(parent->handle())) removal_ = Removal::removed;
}

}  // namespace fmmap
