#include "mapping/pinned-range.h"

#include <algorithm>

namespace fmmap {

Status PinnedRange::take(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length) {
  std::lock_guard<std::mutex> guard(mapping_.state_);
  if (Status status = mapping_.usable(syscall); !status) return status;
  const std::int64_t total = mapping_.shownLength();
  if (offset > total || length > total - offset) {
    return Status::make(Kind::range, "", "the mapping was made shorter meanwhile", "length");
  }
  return collect(handle, offset, length);
}

Status PinnedRange::takeLeft(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length) {
  std::lock_guard<std::mutex> guard(mapping_.state_);
  if (Status status = mapping_.usable(syscall); !status) return status;
  const std::int64_t total = mapping_.shownLength();
  offset = std::min(offset, total);
  return collect(handle, offset, std::min(length, total - offset));
}

Status PinnedRange::collect(HandleId handle, std::int64_t offset, std::int64_t length) {
  file_ = mapping_.file_;
  length_ = length;
  changes_ = mapping_.changes_;
  std::int64_t at = mapping_.delta_ + offset;  // from here on counted like Window::start
  const std::int64_t end = at + length;
  while (at < end) {
    const std::shared_ptr<Window>* found = nullptr;
    std::int64_t until = at;
    for (const auto& window : mapping_.windows_) {
      const std::int64_t last = window->start + static_cast<std::int64_t>(window->mapped);
      if (at < window->start || last <= until) continue;
      if (window->isGuest || !window->isUsedBy(handle)) continue;
      found = &window;
      until = last;
    }
    if (!found) return Status::make(Kind::range, "", "no window of this handle shows this part of the file", "offset");
    until = std::min(until, end);
    Window& window = **found;
    ++window.users;
    pieces_.push_back({*found, window.data + (at - window.start), static_cast<std::size_t>(until - at),
                       at - mapping_.delta_});
    at = until;
  }
  return {};
}

bool PinnedRange::isUnchanged() const {
  std::lock_guard<std::mutex> guard(mapping_.state_);
  return mapping_.changes_ == changes_ && mapping_.cutTo_ < 0;
}

void PinnedRange::release() {
  std::vector<std::shared_ptr<Window>> windows;
  for (Piece& piece : pieces_) windows.push_back(std::move(piece.window));
  pieces_.clear();
  if (!windows.empty()) mapping_.letGo(windows);
}

}  // namespace fmmap
