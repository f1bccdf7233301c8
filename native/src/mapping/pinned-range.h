// A range of a mapping as one handle sees it: pieces of windows that stay where they are while this object lives, whatever
// other threads do to the mapping.
//
// It takes no windows of other handles, for their threads may end, and no guests.
#pragma once

#include <cstdint>
#include <vector>

#include "mapping/mapping.h"

namespace fmmap {

class PinnedRange {
 public:
  explicit PinnedRange(Mapping& mapping) : mapping_(mapping) {}
  ~PinnedRange() { mapping_.windows().letGo(&pinned_.pieces); }
  PinnedRange(const PinnedRange&) = delete;

  /** What is there at this moment, if the mapping is usable. */
  Status take(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length) {
    return mapping_.pin(handle, syscall, offset, length, false, &pinned_);
  }
  /** Likewise, or if some of the range was cut off meanwhile, what is left of it. */
  Status takeLeft(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length) {
    return mapping_.pin(handle, syscall, offset, length, true, &pinned_);
  }

  const std::vector<Piece>& pieces() const { return pinned_.pieces; }
  /** All bytes. */
  std::int64_t length() const { return pinned_.length; }
  const OpenFilePtr& file() const { return pinned_.file; }
  /** Whether the file still has the length that it had then, and no thread is about to change it. */
  bool isUnchanged() const { return mapping_.isUnchanged(pinned_.changes); }

  /** Calls `visit(piece)` until one fails. */
  template <typename Visit>
  Status each(Visit visit) const {
    for (const Piece& piece : pinned_.pieces) {
      if (Status status = visit(piece); !status) return status;
    }
    return {};
  }

 private:
  Mapping& mapping_;
  Pinned pinned_;
};

}  // namespace fmmap
