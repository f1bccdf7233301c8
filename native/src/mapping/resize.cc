// Changes of the size. The disk is waited for with `order_` alone; the fields change in short steps in between, each of which
// leaves a state that other threads may see and use.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "mapping/mapping.h"
#include "mapping/pinned-range.h"

namespace fmmap {

namespace {

/** Blocks past the end of a file, which are given back unless the file grows over them: it may have grown in part. */
class Reservation {
 public:
  Reservation() = default;
  Reservation(const Reservation&) = delete;
  ~Reservation() {
    if (file_ != platform::kNoHandle) platform::resize(file_, end_);
  }
  void start(platform::Handle file, std::int64_t end) {
    file_ = file;
    end_ = end;
  }
  void keep() { file_ = platform::kNoHandle; }

 private:
  platform::Handle file_ = platform::kNoHandle;
  std::int64_t end_ = 0;
};

}  // namespace

/** Stores past the end of the file, in its last page, must not surface when it grows. */
void Mapping::zeroTail(HandleId handle, std::int64_t size) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t tail = (page - size % page) % page;
  const std::int64_t length = size - offset_;
  PinnedRange last(*this);
  if (tail == 0 || length <= 0 || length != state().length || !last.take(handle, "ftruncate", length - 1, 1)) return;
  std::uint8_t* const at = last.pieces().front().at + 1;
  // Storing zeroes over zeroes would make the page dirty, or fault if the file may not be changed.
  const auto stored = [](std::uint8_t byte) { return byte != 0; };
  if (std::any_of(at, at + tail, stored)) std::memset(at, 0, static_cast<std::size_t>(tail));
}

Status Mapping::makeRoom(HandleId handle, std::int64_t size) {
  OpenFilePtr file;
  return changeSize(handle, size, true, &file);
}

void Mapping::noteRoom(std::int64_t from, std::int64_t to) {
  std::lock_guard<std::mutex> guard(state_);
  roomFrom_ = from;
  roomTo_ = to;
}

Status Mapping::cutRoom(bool isLast) {
  ExclusiveLock order(order_);
  OpenFilePtr file;
  {
    std::lock_guard<std::mutex> guard(state_);
    file = file_.handle();
    roomIsOver_ = roomIsOver_ || isLast;
  }
  return withoutViews([&] { return cutRoomOf(file), Status{}; }, true);
}

void Mapping::cutRoomOf(const OpenFilePtr& file) {
  std::int64_t from, to, size = 0;
  {
    std::lock_guard<std::mutex> guard(state_);
    from = std::exchange(roomFrom_, -1);
    to = roomTo_;
  }
  if (!file || from < 0 || from >= to || !platform::size(file->handle(), &size)) return;
  if (size == offset_ + to) platform::resize(file->handle(), offset_ + from);
}

Status Mapping::resize(HandleId handle, std::int64_t size) {
  OpenFilePtr file;
  Status status = changeSize(handle, size, false, &file);
  if (!status || isMemory()) return status;
  SharedLock order(order_);  // others may continue while the disk works
  status = platform::sync(file->handle());
  if (!status) poison();  // the system reports a lost write only once
  return status;
}

Status Mapping::changeSize(HandleId handle, std::int64_t size, bool isRoom, OpenFilePtr* file) {
  ExclusiveLock order(order_);
  if (Status status = usable("ftruncate", file); !status) return status;
  if (isRoom && roomIsOver_) return Status::make(Kind::closed, "ftruncate", "");
  if (isPrivate()) return Status::make(Kind::unsupported, "ftruncate", "the file of a copy-on-write mapping never changes");
  if (size < offset_) {
    return Status::make(Kind::range, "",
                        "size " + std::to_string(size) + " would end the file before the mapping's offset " +
                            std::to_string(offset_) + "; open it with a smaller offset",
                        "size");
  }
  if (Status status = check("ftruncate"); !status) return status;
  const platform::Handle disk = (*file)->handle();
  std::int64_t before = 0;
  if (Status status = platform::size(disk, &before); !status) return status;
  if (size > before) zeroTail(handle, before);
  Reservation reservation;
  if (size > before && (blocks_ != Blocks::late || (isRoom && !isMemory()))) {
    reservation.start(disk, before);
    const Status status = blocks_ == Blocks::late ? platform::reserve(disk, before, size - before)
                                                  : addBlocks(blocks_, disk, before, size);
    if (!status) return status;
  }
  const std::int64_t target = size - offset_;
  const std::int64_t lost = windows_.pagesOf(state().length) - windows_.pagesOf(target);
  if (lost > 0) {
    // There must be zeroes for what is cut off, before it is.
    if (Status status = platform::probeFiller(static_cast<std::size_t>(lost)); !status) return status;
  }
  // Other handles learn of it by the flags, and make windows of their own; the caller may have made its own already.
  const auto tell = [&](Window& window) {
    const bool isMade = window.madeFor == target && window.holders.size() == 1 && window.holders.front().handle == handle;
    if (handles_.size() > 1 && !isMade) window.raiseFlag();
  };
  // A cut that fails must not have taken anything, so pages are taken away after it. Until then the guard serves threads that
  // touch a lost page, and readers ask stateNow(). Without a guard such a thread would end the process, so pages are taken
  // away before. Where the system refuses to cut what is mapped, all of them are, and threads that touch one wait.
  Status status;
  std::int64_t length;
  bool isCut;
  const bool isLifted = platform::viewsHoldFile() && size < before;
  {
    std::unique_lock<std::mutex> guard(state_);
    if (isLifted) windows_.waitForWithdrawals(guard);
    if (Status now = usable("ftruncate"); !now) return now;
    length = length_;
    isCut = target < length && !isLifted && windows_.areGuarded();
    ++changes_;
    if (isLifted) {
      cutTo_ = std::min(target, length);
      status = windows_.lift();
    } else if (isCut) {
      cutTo_ = target;
      fault_.startCut(size);
      for (const auto& window : windows_.all()) tell(*window);
    } else if (target < length) {
      length_ = target;
      for (const auto& window : windows_.all()) {
        tell(*window);  // first, so that no thread takes the zeroes that come for the file's
        if (status) status = windows_.shrink(*window, length_);
      }
    }
  }
  if (status) status = platform::resize(disk, size);
  if (status) reservation.keep();
  if (isCut) fault_.suspend();  // without the lock: a handler may wait for a disk
  {
    std::lock_guard<std::mutex> guard(state_);
    const bool wasMet = fault_.endCut();
    cutTo_ = -1;
    ++changes_;
    if (status) asked_ = -1;
    if (closed_) {
      status = Status::make(Kind::closed, "ftruncate", "");
    } else if (poisoned_) {
      if (isLifted) windows_.land(0);
      status = Status::make(Kind::poisoned, "ftruncate", "");
    } else {
      length_ = status ? target : length;  // on failure, show again what was taken away
      const bool isUntouched = !status && (isLifted || (isCut && !wasMet));
      Status shown;
      for (const auto& window : windows_.all()) {
        if (!isUntouched || window->madeInCut) tell(*window);
        window->madeFor = -1;
        window->madeInCut = false;
        if (shown && status) shown = windows_.shrink(*window, length_);
        // It is not known what a failed cut has done to the pages that it was to take: they are mapped again.
        const std::int64_t left = std::max<std::int64_t>(windows_.pagesOf(target) - window->start, 0);
        if (!status && isCut) window->mapped = std::min(window->mapped, static_cast<std::size_t>(left));
        if (shown && !isLifted) shown = windows_.grow(*window, length_);
      }
      if (isLifted) shown = windows_.land(length_);
      if (!shown) spoil();
      if (status) status = shown;
    }
  }
  if (isCut) fault_.resume();
  return status;
}

/** Handles learn of it by the flags, and make windows of their own. Views show the file again, except private ones. */
Status Mapping::reopen() {
  ExclusiveLock order(order_);
  OpenFilePtr file;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (Status status = changeable(); !status) return status;
    if (isPrivate() && handles_.size() > 1) {
      return Status::make(
          Kind::unsupported, "mmap",
          "cannot reopen a copy-on-write mapping while other threads are attached; close their handles first");
    }
    file = file_.handle();
  }
  std::int64_t size = 0;
  if (Status status = platform::size(file->handle(), &size); !status) return status;
  if (offset_ > size) return outside("offset", offset_, size, "close it, and open it with a smaller offset");
  fault_.suspend();  // without the lock: a handler may wait for a disk
  Status status;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) {
      status = Status::make(Kind::closed, "mmap", "");
    } else {
      const std::int64_t length = asked_ < 0 ? size - offset_ : std::min(asked_, size - offset_);
      const bool isWhole = !fault_ && !isPrivate();
      // If nothing is taken away and there is no other handle, the windows are as good as before.
      if (!isWhole || length < length_ || handles_.size() > 1) windows_.raiseFlags();
      length_ = length;
      ++changes_;
      ++faultSerial_;
      fault_.clear();
      for (const auto& window : windows_.all()) {
        window->madeFor = -1;
        if (status) status = isWhole ? windows_.shrink(*window, length_) : windows_.remap(*window, length_);
        if (status && isWhole) status = windows_.grow(*window, length_);
      }
      if (!status) spoil();
    }
  }
  fault_.resume();
  return status;
}

}  // namespace fmmap
