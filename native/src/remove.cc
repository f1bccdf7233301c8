// Identity-checked, crash-durable removal: needs-unlink -> needs-parent-sync -> removed. Each
// failure leaves the state it happened in, and the next call goes on from there.
#include "mapping.h"

namespace fmmap {

Status Mapping::remove() {
  Exclusive exclusive(gate_);
  if (closed_) return Status::make(Kind::closed, "unlink", "");
  if (memory_) removal_ = Removal::removed;
  if (removal_ == Removal::needsUnlink) {
    // Our own handle stays open from the check to the unlink, so nobody gets its inode number.
    if (Status status = platform::openParent(path_, &parent_); !status) return status;
    if (Status status = platform::removeEntry(parent_, path_, identity_); !status) {
      platform::close(parent_);
      parent_ = platform::kNoHandle;
      return status;
    }
    removal_ = Removal::needsParentSync;
  }
  if (removal_ == Removal::needsParentSync) {
    if (Status status = platform::syncDirectory(parent_); !status) {
      status.detail = "the file is unlinked, but may be back after a crash; call remove() again to sync its directory";
      return status;
    }
    removal_ = Removal::removed;
  }
  return {};
}

}  // namespace fmmap
