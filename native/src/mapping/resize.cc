// Changes of the size and of what may be done with the memory. The disk is waited for with `order_` alone, and the fields
// change in short pieces in between, each of which leaves what other threads may see and use.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "mapping/mapping.h"
#include "mapping/pinned-range.h"

namespace fmmap {

/** Has it show as much more of the file as both have. */
Status Mapping::grow(Window& window) {
  const std::int64_t pages = std::min<std::int64_t>(window.capacity, pagesOf(length_) - window.start);
  const std::size_t target = static_cast<std::size_t>(std::max<std::int64_t>(pages, 0));
  if (target <= window.mapped) return {};
  Status status = show(window, window.mapped, target, access_);
  if (status) window.mapped = target;
  return status;
}

/**
 * V8 makes a WebAssembly memory writable, all of it, whenever that grows (mprotect(2)). Of a file that may only be read this
 * would fail, and of one that was frozen let stores through; so its pages are private there. Nobody has changed those, and so
 * they are the file's.
 */
Status Mapping::show(const Window& window, std::size_t from, std::size_t to, platform::Access access) const {
  platform::MapFlags flags = flags_;
  flags.isPrivate = private_ || (window.isGuest && access != platform::Access::write);  // also once frozen
  flags.noReserve = flags.noReserve || (window.isGuest && flags.isPrivate);  // nor is memory charged for what V8 makes writable
  return platform::map(file_->handle(), fileStart() + window.start + static_cast<std::int64_t>(from), window.data + from,
                       to - from, access, flags);
}

/** Takes pages past the new end away before the file loses them: a load there must find zeroes. */
Status Mapping::shrink(Window& window) {
  const std::int64_t pages = std::max<std::int64_t>(pagesOf(length_) - window.start, 0);
  if (pages >= static_cast<std::int64_t>(window.mapped)) return {};
  Status status = platform::retire(window.data + pages, window.mapped - pages);
  if (status) window.mapped = static_cast<std::size_t>(pages);
  return status;
}

/** The file in place of what a fault has put there. Pages that were the file's are so at every moment. */
Status Mapping::remap(Window& window) {
  window.mapped = 0;
  if (private_) return platform::retire(window.data, window.capacity);  // such pages cannot be shown twice
  if (Status status = grow(window); !status) return status;
  const std::size_t rest = window.capacity - window.mapped;
  return rest == 0 ? Status{} : platform::retire(window.data + window.mapped, rest);
}

/** Stores past the end of the file, in its last page, must not surface when it grows. */
void Mapping::zeroTail(HandleId handle, std::int64_t size) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t tail = (page - size % page) % page;
  const std::int64_t length = size - offset_;
  PinnedRange last(*this);
  if (tail == 0 || length <= 0 || length != state().length || !last.take(handle, "ftruncate", length - 1, 1)) return;
  std::uint8_t* const at = last.all().front().at + 1;
  // Storing zeroes over zeroes would make the page dirty, or fault where the file may not be changed.
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
    file = file_;
    roomIsOver_ = roomIsOver_ || isLast;
  }
  cutRoomOf(file);
  return {};
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
  if (!status || memory_) return status;
  SharedLock order(order_);  // others may go on while the disk works
  status = platform::sync(file->handle());
  if (!status) poison();  // the system tells of a lost write once only
  return status;
}

Status Mapping::changeSize(HandleId handle, std::int64_t size, bool isRoom, OpenFilePtr* file) {
  ExclusiveLock order(order_);
  if (Status status = usable("ftruncate", file); !status) return status;
  if (isRoom && roomIsOver_) return Status::make(Kind::closed, "ftruncate", "");
  if (private_) return Status::make(Kind::unsupported, "ftruncate", "the file of a copy-on-write mapping never changes");
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
  if (size > before && (allocate_ || (isRoom && !memory_))) {
    const auto blocks = allocate_ ? platform::allocate : platform::reserve;
    if (Status status = blocks(disk, before, size - before); !status) {
      platform::resize(disk, before);
      return status;
    }
  }
  const std::int64_t target = size - offset_;
  const std::int64_t lost = pagesOf(state().length) - pagesOf(target);
  if (lost > 0) {
    // There must be zeroes for what goes before it goes.
    if (Status status = platform::probeFiller(static_cast<std::size_t>(lost)); !status) return status;
  }
  // Other handles learn of it by the flags, and make windows of their own; the caller may already have made its own.
  const auto tell = [&](Window& window) {
    const bool isMade = window.madeFor == target && window.holders.size() == 1 && window.holders.front().handle == handle;
    if (handles_.size() > 1 && !isMade) window.raiseFlag();
  };
  // A cut that fails must not have taken anything, so pages are taken away after it: until then the guard serves whoever
  // meets one that is gone, and who has read asks stateNow(). Without a guard that would be the end, so they are taken
  // away before.
  Status status;
  std::int64_t length;
  bool isCut;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (Status now = usable("ftruncate"); !now) return now;
    length = length_;
    isCut = target < length && isGuarded();
    ++changes_;
    if (isCut) {
      cutTo_ = target;
      fault_.startCut(size);
      for (const auto& window : windows_) tell(*window);
    } else if (target < length) {
      length_ = target;
      for (const auto& window : windows_) {
        tell(*window);  // first, so that no thread takes the zeroes that come for the file's
        if (status) status = shrink(*window);
      }
    }
  }
  if (status) status = platform::resize(disk, size);
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
      status = Status::make(Kind::poisoned, "ftruncate", "");
    } else {
      length_ = status ? target : length;  // or nothing has happened: show again what was taken away
      const bool isUntouched = !status && isCut && !wasMet;
      Status shown;
      for (const auto& window : windows_) {
        if (!isUntouched || window->madeInCut) tell(*window);
        window->madeFor = -1;
        window->madeInCut = false;
        if (shown && status) shown = shrink(*window);
        // What a cut that failed has done to the pages it was to take is not known: they are mapped anew.
        const std::int64_t left = std::max<std::int64_t>(pagesOf(target) - window->start, 0);
        if (!status && isCut) window->mapped = std::min(window->mapped, static_cast<std::size_t>(left));
        if (shown) shown = grow(*window);
      }
      if (!shown) spoil();
      if (status) status = shown;
    }
  }
  if (isCut) fault_.resume();
  return status;
}

/** Waits for no disk, and so need not be done elsewhere, where stores of the caller's thread could meet it half done. */
Status Mapping::freeze(bool exec) {
  std::lock_guard<std::mutex> guard(state_);
  if (Status status = usable("mprotect"); !status) return status;
  if (handles_.size() > 1) {
    return Status::make(Kind::unsupported, "mprotect",
                        "cannot freeze while other threads are attached; close or drop their handles first");
  }
  const platform::Access before = access_;
  const platform::Access access = exec ? platform::Access::exec : platform::Access::read;
  bool begun = false;
  for (const auto& window : windows_) {
    // The guard first: a store that meets protected pages must find that they are meant to be so.
    platform::setAccess(window->ward, access);
    if (window->mapped == 0) continue;
    const Status status = window->isGuest ? show(*window, 0, window->mapped, access)
                                          : platform::protect(window->data, window->mapped, access);
    if (!status) {
      platform::setAccess(window->ward, before);
      if (begun || window->isGuest) spoil();
      return status;
    }
    begun = true;
  }
  access_ = access;
  return {};
}

/** Handles are told by the flags, and make windows of their own. Views show the file again, but for private ones. */
Status Mapping::reopen() {
  ExclusiveLock order(order_);
  OpenFilePtr file;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) return Status::make(Kind::closed, "mmap", "");
    if (poisoned_) return Status::make(Kind::poisoned, "mmap", "");
    if (private_ && handles_.size() > 1) {
      return Status::make(
          Kind::unsupported, "mmap",
          "cannot reopen a copy-on-write mapping while other threads are attached; close their handles first");
    }
    file = file_;
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
      const bool isWhole = !fault_ && !private_;
      // Where nothing is taken away and nobody else looks, the windows are as good as before.
      if (!isWhole || length < length_ || handles_.size() > 1) flagAll();
      length_ = length;
      ++changes_;
      ++faultSerial_;
      fault_.clear();
      for (const auto& window : windows_) {
        window->madeFor = -1;
        if (status) status = isWhole ? shrink(*window) : remap(*window);
        if (status && isWhole) status = grow(*window);
      }
      if (!status) spoil();
    }
  }
  fault_.resume();
  return status;
}

}  // namespace fmmap
