// A range of a mapping as one handle sees it: pieces of windows that stay where they are while this object lives,
// whatever others do to the mapping. Of other handles' windows it takes none, for their threads may end, and no guests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "mapping/mapping.h"

namespace fmmap {

struct Piece {
  std::shared_ptr<Window> window;
  std::uint8_t* at;
  std::size_t bytes;
  std::int64_t offset;  // of `at` in the mapping
};

/** System calls want whole pages: a piece grown to the pages that it touches. */
struct Pages {
  std::uint8_t* at;
  std::size_t length;

  explicit Pages(const Piece& piece) : Pages(piece.at, piece.bytes) {}
  Pages(std::uint8_t* from, std::size_t bytes) {
    const std::size_t page = platform::pageSize();
    const std::size_t before = reinterpret_cast<std::uintptr_t>(from) % page;
    at = from - before;
    length = (bytes + before + page - 1) / page * page;
  }

  /** Those that belong to a piece as a whole. */
  static Pages within(const Piece& piece) {
    const std::size_t page = platform::pageSize();
    const std::size_t skipped = Pages(piece).at == piece.at ? 0 : page - reinterpret_cast<std::uintptr_t>(piece.at) % page;
    const std::size_t rest = piece.bytes - std::min(skipped, piece.bytes);
    return {piece.at + skipped, rest / page * page};
  }
};

class PinnedRange {
 public:
  explicit PinnedRange(Mapping& mapping) : mapping_(mapping) {}
  ~PinnedRange() { release(); }
  PinnedRange(const PinnedRange&) = delete;

  /** What there is at this moment, if the mapping is usable. */
  Status take(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length);
  /** Likewise, or of a range that was cut off meanwhile what is left of it. */
  Status takeLeft(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length);

  const std::vector<Piece>& all() const { return pieces_; }
  /** All bytes. */
  std::int64_t length() const { return length_; }
  const OpenFilePtr& file() const { return file_; }
  /** Whether the length of the file is what it was when they were taken, and nobody is about to change that. */
  bool isUnchanged() const;

  /** Calls `visit(piece)` until one fails. */
  template <typename Visit>
  Status each(Visit visit) const {
    for (const Piece& piece : pieces_) {
      if (Status status = visit(piece); !status) return status;
    }
    return {};
  }

 private:
  Status collect(HandleId handle, std::int64_t offset, std::int64_t length);
  void release();

  Mapping& mapping_;
  std::int64_t length_ = 0;
  int changes_ = 0;
  OpenFilePtr file_;
  std::vector<Piece> pieces_;
};

/**
 * Does what may meet a page that is gone, and makes the fault of it. Where the file has grown again
 * by the time we look there is none, and it is done again.
 * @param store - Whether pages are wanted for stores that are to come.
 */
template <typename Attempt>
Status Mapping::explained(const char* syscall, const PinnedRange& pieces, Attempt attempt, bool store) {
  Status status;
  for (int count = 0; count < 100; ++count) {
    status = explain(attempt(), syscall, pieces, store);
    if (status.kind != Kind::system || status.error != EFAULT) break;
  }
  return status;
}

}  // namespace fmmap
