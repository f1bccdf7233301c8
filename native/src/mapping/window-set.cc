// The windows of a mapping: see window-set.h.
#include "mapping/window-set.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace fmmap {

namespace {

std::int64_t roundUp(std::int64_t bytes) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  return (bytes + page - 1) / page * page;
}

}  // namespace

// --- with `state_` held ---

bool WindowSet::areGuarded() const {
  return std::all_of(windows_.begin(), windows_.end(), [](const auto& window) { return window->range != nullptr; });
}

std::int64_t WindowSet::pagesOf(std::int64_t length) const { return length == 0 ? 0 : roundUp(traits_.delta + length); }

Status WindowSet::add(NewWindow made, const OpenFilePtr& file, std::int64_t length, std::int64_t madeFor, bool isCutting) {
  const auto window = std::make_shared<Window>();
  window->data = made.data;
  window->capacity = made.capacity;
  window->start = made.start;
  window->file = file;
  window->isGuest = made.isGuest;
  window->holders.push_back({made.handle, std::move(made.memory)});
  window->madeFor = madeFor;
  window->madeInCut = isCutting;
  const std::int64_t pages = std::min<std::int64_t>(made.capacity, pagesOf(length) - made.start);
  if (Status status = claimAddresses(made.data); !status) return status;
  if (pages > 0 && isLifted_) {
    if (const Status status = platform::lift(made.data, static_cast<std::size_t>(pages)); !status) {
      fmmap::withdraw(*window);
      return status;
    }
    window->lifted = static_cast<std::size_t>(pages);
  } else if (pages > 0) {
    if (const Status status = show(*window, 0, static_cast<std::size_t>(pages), access_); !status) {
      fmmap::withdraw(*window);
      return status;
    }
    window->mapped = static_cast<std::size_t>(pages);
  }
  window->lowerFlag();
  if (traits_.isGuarded) {
    window->range = platform::guard({made.data, made.capacity, &window->flag(), file->handle(),
                                    traits_.fileStart + made.start, access_, traits_.isPrivate, &fault_});
  }
  if (fault_ || isCutting) window->raiseFlag();
  windows_.push_back(window);
  return {};
}

Window* WindowSet::share(HandleId handle, const std::uint8_t* data, std::size_t size, Keeper memory) {
  const auto found = find(data);
  if (found == windows_.end() || (*found)->isGuest || (*found)->capacity >= size) return nullptr;
  if (!(*found)->isHeldBy(handle)) (*found)->holders.push_back({handle, std::move(memory)});
  return found->get();
}

void WindowSet::raiseFlags() {
  for (const auto& window : windows_) window->raiseFlag();
}

Status WindowSet::grow(Window& window, std::int64_t length) {
  const std::int64_t pages = std::min<std::int64_t>(window.capacity, pagesOf(length) - window.start);
  const std::size_t target = static_cast<std::size_t>(std::max<std::int64_t>(pages, 0));
  if (target <= window.mapped) return {};
  Status status = show(window, window.mapped, target, access_);
  if (status) window.mapped = target;
  return status;
}

/** Takes pages past the new end away before the file loses them: a load there must find zeroes. */
Status WindowSet::shrink(Window& window, std::int64_t length) {
  const std::int64_t pages = std::max<std::int64_t>(pagesOf(length) - window.start, 0);
  if (pages >= static_cast<std::int64_t>(window.mapped)) return {};
  Status status = platform::retire(window.data + pages, window.mapped - pages);
  if (status) window.mapped = static_cast<std::size_t>(pages);
  return status;
}

/** The file in place of what a fault has put there. Pages that were the file's are so at every moment. */
Status WindowSet::remap(Window& window, std::int64_t length) {
  window.mapped = 0;
  if (traits_.isPrivate) return platform::retire(window.data, window.capacity);  // such pages cannot be shown twice
  if (Status status = grow(window, length); !status) return status;
  const std::size_t rest = window.capacity - window.mapped;
  return rest == 0 ? Status{} : platform::retire(window.data + window.mapped, rest);
}

void WindowSet::waitForWithdrawals(std::unique_lock<std::mutex>& state) {
  withdrawn_.wait(state, [this] { return withdrawing_.empty(); });
}

Status WindowSet::lift() {
  isLifted_ = true;
  for (const auto& window : windows_) {
    if (window->mapped == 0) continue;
    window->lifted = std::exchange(window->mapped, 0);
    if (Status status = platform::lift(window->data, window->lifted); !status) return status;
  }
  return {};
}

Status WindowSet::land(std::int64_t length) {
  isLifted_ = false;
  Status status;
  for (const auto& window : windows_) {
    const std::size_t lifted = std::exchange(window->lifted, 0);
    Status shown;
    if (length >= 0) shown = grow(*window, length);
    else if (lifted > 0) shown = show(*window, 0, lifted, access_);
    if (shown && length < 0) window->mapped = lifted;
    if (window->mapped < lifted) platform::retire(window->data + window->mapped, lifted - window->mapped);
    if (status) status = shown;
  }
  return status;
}

/**
 * V8 makes all of a WebAssembly memory writable whenever it grows (mprotect(2)). For a file that may only be read this would
 * fail, and for one that was frozen it would let stores through; so its pages are private there. Nothing has changed those, so
 * they show the file.
 */
Status WindowSet::show(const Window& window, std::size_t from, std::size_t to, platform::Access access) const {
  platform::MapFlags flags = traits_.flags;
  flags.isPrivate = traits_.isPrivate || (window.isGuest && access != platform::Access::write);
  flags.noReserve = flags.noReserve || (window.isGuest && flags.isPrivate);  // V8 makes it writable: do not charge memory
  return platform::map(window.file->handle(), traits_.fileStart + window.start + static_cast<std::int64_t>(from),
                       window.data + from, to - from, access, flags);
}

Status WindowSet::protect(platform::Access access, bool* begun) {
  // Whether private pages can become executable is the system's to say, and there are none at the moment.
  if (isLifted_ && traits_.isPrivate && access == platform::Access::exec) {
    return Status::system(EBUSY, "mprotect", "the file is being removed or replaced; call this again afterwards");
  }
  for (const auto& window : windows_) {
    // The guard first: a store that meets protected pages must find that they are meant to be so.
    platform::setAccess(window->range, access);
    if (window->mapped == 0) continue;
    const Status status = window->isGuest ? show(*window, 0, window->mapped, access)
                                          : platform::protect(window->data, window->mapped, access);
    if (!status) {
      platform::setAccess(window->range, access_);
      *begun = *begun || window->isGuest;
      return status;
    }
    *begun = true;
  }
  access_ = access;
  return {};
}

void WindowSet::protectGuests(const std::uint8_t* from, const std::uint8_t* to) {
  if (access_ == platform::Access::write) return;
  for (const auto& window : windows_) {
    if (window->isGuest && window->mapped > 0 && window->data >= from && window->data < to) {
      platform::protect(window->data, window->mapped, access_);  // or stores would end in private pages unnoticed
    }
  }
}

Status WindowSet::unlockMemory(std::int64_t offset, std::int64_t length) {
  for (const auto& window : windows_) {
    const std::int64_t from = std::max(traits_.delta + offset, window->start);
    const std::int64_t to = std::min<std::int64_t>(traits_.delta + offset + length, window->start + window->mapped);
    if (from >= to) continue;
    const Pages pages(window->data + (from - window->start), static_cast<std::size_t>(to - from));
    if (pages.length < window->mapped) {
      if (Status status = platform::claimAreas(2, "munlock"); !status) return status;
    }
    if (Status status = platform::lockMemory(pages.at, pages.length, false); !status) return status;
  }
  return {};
}

Status WindowSet::pin(HandleId handle, std::int64_t offset, std::int64_t length, std::vector<Piece>* pieces) {
  std::int64_t at = traits_.delta + offset;  // counted like Window::start
  const std::int64_t end = at + length;
  while (at < end) {
    const std::shared_ptr<Window>* found = nullptr;
    std::int64_t until = at;
    for (const auto& window : windows_) {
      // Threads that touch what is lifted wait.
      const std::int64_t last = window->start + static_cast<std::int64_t>(window->mapped + window->lifted);
      if (at < window->start || last <= until) continue;
      if (window->isGuest || !window->isUsedBy(handle)) continue;
      found = &window;
      until = last;
    }
    if (!found) return Status::make(Kind::range, "", "no window of this handle shows this part of the file", "offset");
    until = std::min(until, end);
    Window& window = **found;
    ++window.users;
    pieces->push_back({*found, window.data + (at - window.start), static_cast<std::size_t>(until - at), at - traits_.delta});
    at = until;
  }
  return {};
}

WindowSet::List WindowSet::take(HandleId handle) {
  for (const auto& window : windows_) window->drop(handle);
  return extractIdle();
}

WindowSet::List WindowSet::takeViewless(HandleId handle) {
  for (const auto& window : windows_) {
    const auto holder = window->holder(handle);
    if (holder == window->holders.end()) continue;
    holder->isForViews = true;
    if (holder->views.expired()) window->drop(handle);
  }
  return extractIdle();
}

WindowSet::List WindowSet::takeAll(HandleId hidden) {
  for (const auto& window : windows_) {
    const auto& holders = window->holders;
    window->losesFooter = !window->isGuest && window->hasHadViews && holders.size() == 1 && holders.front().handle == hidden;
  }
  List taken;
  while (!windows_.empty()) extract(windows_.end() - 1, &taken);
  return taken;
}

WindowSet::List::iterator WindowSet::find(const std::uint8_t* data) {
  return std::find_if(windows_.begin(), windows_.end(), [data](const auto& window) { return window->data == data; });
}

void WindowSet::extract(List::iterator window, List* taken) {
  withdrawing_.push_back(*window);
  taken->push_back(std::move(*window));
  windows_.erase(window);
}

WindowSet::List WindowSet::extractIdle() {
  List taken;
  for (std::size_t index = windows_.size(); index-- > 0;) {
    const Window& window = *windows_[index];
    if (window.holders.empty() && window.users == 0) extract(windows_.begin() + static_cast<std::ptrdiff_t>(index), &taken);
  }
  return taken;
}

// --- without it ---

void WindowSet::withdraw(const List& taken) {
  if (taken.empty()) return;
  for (const auto& window : taken) fmmap::withdraw(*window);
  {
    std::lock_guard<std::mutex> guard(state_);
    const auto isDone = [&](const auto& window) { return std::find(taken.begin(), taken.end(), window) != taken.end(); };
    withdrawing_.erase(std::remove_if(withdrawing_.begin(), withdrawing_.end(), isDone), withdrawing_.end());
  }
  withdrawn_.notify_all();
}

void WindowSet::waitFor(HandleId handle) {
  std::unique_lock<std::mutex> guard(state_);
  withdrawn_.wait(guard, [&] {
    return std::none_of(withdrawing_.begin(), withdrawing_.end(),
                        [&](const auto& window) { return window->isHeldBy(handle); });
  });
}

bool WindowSet::drop(HandleId handle, const std::uint8_t* data) {
  List taken;
  {
    std::unique_lock<std::mutex> guard(state_);
    const auto found = find(data);
    if (found == windows_.end()) {
      withdrawn_.wait(guard, [&] {
        return std::none_of(withdrawing_.begin(), withdrawing_.end(),
                            [&](const auto& window) { return window->data == data; });
      });
      return true;
    }
    const auto holder = (*found)->holder(handle);
    if (holder != (*found)->holders.end()) {
      holder->isForViews = true;
      if (!holder->views.expired()) return false;  // the last of them ends it
      (*found)->drop(handle);
    }
    if ((*found)->users > 0) return false;  // the last of them withdraws it
    if ((*found)->holders.empty()) extract(found, &taken);
  }
  withdraw(taken);
  return true;
}

void WindowSet::endViews(HandleId handle, const std::uint8_t* data) {
  List taken;
  {
    std::lock_guard<std::mutex> guard(state_);
    const auto found = find(data);
    if (found == windows_.end()) return;  // it was closed
    const auto holder = (*found)->holder(handle);
    // There may be others by now.
    if (holder == (*found)->holders.end() || !holder->isForViews || !holder->views.expired()) return;
    (*found)->drop(handle);
    taken = extractIdle();
  }
  withdraw(taken);
}

void WindowSet::letGo(std::vector<Piece>* pieces) {
  if (pieces->empty()) return;
  List taken;
  {
    std::lock_guard<std::mutex> guard(state_);
    for (const Piece& piece : *pieces) {
      if (--piece.window->users > 0 || !piece.window->holders.empty()) continue;
      const auto found = std::find(windows_.begin(), windows_.end(), piece.window);
      if (found != windows_.end()) extract(found, &taken);  // otherwise it was closed
    }
  }
  withdraw(taken);
  pieces->clear();
}

}  // namespace fmmap
