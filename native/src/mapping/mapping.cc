// The state of a mapping, its handles and their windows.
#include "mapping/mapping.h"

#include <algorithm>

namespace fmmap {

namespace {

std::int64_t roundUp(std::int64_t bytes) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  return (bytes + page - 1) / page * page;
}

bool contains(const std::vector<HandleId>& handles, HandleId handle) {
  return std::find(handles.begin(), handles.end(), handle) != handles.end();
}

}  // namespace

// --- handles ---

bool Mapping::join(HandleId handle) {
  std::lock_guard<std::mutex> guard(state_);
  if (closed_) return false;
  handles_.push_back(handle);
  return true;
}

bool Mapping::leave(HandleId handle) {
  std::vector<std::shared_ptr<Window>> left;
  bool isLast;
  {
    std::lock_guard<std::mutex> guard(state_);
    handles_.erase(std::remove(handles_.begin(), handles_.end(), handle), handles_.end());
    isLast = handles_.empty();
    for (const auto& window : windows_) window->drop(handle);
    extractIdle(&left);
  }
  withdrawAll(left);
  {
    std::unique_lock<std::mutex> guard(state_);
    withdrawn_.wait(guard, [&] {
      return std::none_of(withdrawing_.begin(), withdrawing_.end(),
                          [&](const auto& window) { return window->isHeldBy(handle); });
    });
  }
  {
    std::lock_guard<std::mutex> guard(lockMutex_);
    const auto kept = std::remove(lockOwners_.begin(), lockOwners_.end(), handle);
    const bool wasOwner = kept != lockOwners_.end();
    lockOwners_.erase(kept, lockOwners_.end());
    if (wasOwner && lockOwners_.empty()) giveLockBack(file());
  }
  // What was not committed was not opened, as far as its user knows.
  if (isLast && created_) abandon();
  else if (isLast) close();
  return isLast;
}

void Mapping::leaveViews(HandleId handle) {
  std::vector<std::shared_ptr<Window>> left;
  {
    std::lock_guard<std::mutex> guard(state_);
    for (const auto& window : windows_) {
      const auto holder = window->holder(handle);
      if (holder == window->holders.end()) continue;
      holder->isForViews = true;
      if (holder->views.expired()) window->drop(handle);
    }
    extractIdle(&left);
  }
  withdrawAll(left);
}

// --- windows ---

Status Mapping::addWindow(HandleId handle, std::uint8_t* data, std::size_t capacity, Keeper memory, std::int64_t start,
                          std::int64_t* length, bool isGuest) {
  std::lock_guard<std::mutex> guard(state_);
  if (isGuest && private_) {
    return Status::make(Kind::unsupported, "mmap", "the changes of a copy-on-write mapping cannot be shown a second time");
  }
  if (closed_ || !contains(handles_, handle)) return Status::make(Kind::closed, "mmap", "");
  if (poisoned_) return Status::make(Kind::poisoned, "mmap", "");  // but a fault may be about to be repaired
  const auto window = std::make_shared<Window>();
  window->data = data;
  window->capacity = capacity;
  window->start = start;
  window->file = file_;
  window->isGuest = isGuest;
  window->holders.push_back({handle, std::move(memory)});
  if (*length < 0) *length = shownLength();
  else if (*length != length_) window->madeFor = *length;
  window->madeInCut = cutTo_ >= 0;
  const std::int64_t pages = std::min<std::int64_t>(capacity, pagesOf(*length) - start);
  if (Status status = claimAddresses(data); !status) return status;
  if (pages > 0) {
    if (const Status status = show(*window, 0, static_cast<std::size_t>(pages), access_); !status) {
      withdraw(*window);
      return status;
    }
    window->mapped = static_cast<std::size_t>(pages);
  }
  window->lowerFlag();
  if (guard_) {
    window->ward = platform::guard(
        {data, capacity, &window->flag(), file_->handle(), fileStart() + start, access_, private_, &fault_});
  }
  if (fault_ || cutTo_ >= 0) window->raiseFlag();
  windows_.push_back(window);
  return {};
}

void Mapping::protectGuests(const std::uint8_t* from, const std::uint8_t* to) {
  std::lock_guard<std::mutex> guard(state_);
  if (access_ == platform::Access::write) return;
  for (const auto& window : windows_) {
    if (window->isGuest && window->mapped > 0 && window->data >= from && window->data < to) {
      platform::protect(window->data, window->mapped, access_);  // else stores end in private pages unnoticed
    }
  }
}

bool Mapping::holdWindow(HandleId handle, const std::uint8_t* data, std::size_t size, Keeper memory,
                         std::int64_t* start) {
  std::lock_guard<std::mutex> guard(state_);
  const auto found = findWindow(data);
  if (found == windows_.end() || (*found)->isGuest || (*found)->capacity >= size || !contains(handles_, handle)) return false;
  if (!(*found)->isHeldBy(handle)) (*found)->holders.push_back({handle, std::move(memory)});
  if (cutTo_ >= 0) (*found)->raiseFlag();
  *start = (*found)->start;
  return true;
}

bool Mapping::dropWindow(HandleId handle, const std::uint8_t* data) {
  std::vector<std::shared_ptr<Window>> left;
  {
    std::unique_lock<std::mutex> guard(state_);
    const auto found = findWindow(data);
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
    if ((*found)->holders.empty()) extract(found, &left);
  }
  withdrawAll(left);
  return true;
}

void Mapping::endViews(HandleId handle, const std::uint8_t* data) {
  std::vector<std::shared_ptr<Window>> left;
  {
    std::lock_guard<std::mutex> guard(state_);
    const auto found = findWindow(data);
    if (found == windows_.end()) return;  // it was closed
    const auto holder = (*found)->holder(handle);
    // There may be others by now.
    if (holder == (*found)->holders.end() || !holder->isForViews || !holder->views.expired()) return;
    (*found)->drop(handle);
    extractIdle(&left);
  }
  withdrawAll(left);
}

void Mapping::letGo(const std::vector<std::shared_ptr<Window>>& used) {
  std::vector<std::shared_ptr<Window>> left;
  {
    std::lock_guard<std::mutex> guard(state_);
    for (const auto& window : used) {
      if (--window->users > 0 || !window->holders.empty()) continue;
      const auto found = std::find(windows_.begin(), windows_.end(), window);
      if (found != windows_.end()) extract(found, &left);  // else it was closed
    }
  }
  withdrawAll(left);
}

void Mapping::extract(std::vector<std::shared_ptr<Window>>::iterator window,
                      std::vector<std::shared_ptr<Window>>* out) {
  withdrawing_.push_back(*window);
  out->push_back(std::move(*window));
  windows_.erase(window);
}

void Mapping::extractIdle(std::vector<std::shared_ptr<Window>>* out) {
  for (std::size_t index = windows_.size(); index-- > 0;) {
    const Window& window = *windows_[index];
    if (window.holders.empty() && window.users == 0) extract(windows_.begin() + static_cast<std::ptrdiff_t>(index), out);
  }
}

void Mapping::withdrawAll(const std::vector<std::shared_ptr<Window>>& windows) {
  if (windows.empty()) return;
  for (const auto& window : windows) withdraw(*window);
  {
    std::lock_guard<std::mutex> guard(state_);
    const auto isDone = [&](const auto& window) {
      return std::find(windows.begin(), windows.end(), window) != windows.end();
    };
    withdrawing_.erase(std::remove_if(withdrawing_.begin(), withdrawing_.end(), isDone), withdrawing_.end());
  }
  withdrawn_.notify_all();
}

std::vector<std::shared_ptr<Window>>::iterator Mapping::findWindow(const std::uint8_t* data) {
  return std::find_if(windows_.begin(), windows_.end(), [data](const auto& window) { return window->data == data; });
}

std::int64_t Mapping::pagesOf(std::int64_t length) const { return length == 0 ? 0 : roundUp(delta_ + length); }

// --- state ---

MappingState Mapping::state() const {
  std::lock_guard<std::mutex> guard(state_);
  return stateOf();
}

MappingState Mapping::stateOf() const {
  const bool isAhead = cutTo_ >= 0 && !fault_.isCut();
  return {closed_,      poisoned_,     access_,      lock_,   shownLength(),
          fault_.why(), faultOffset(), faultSerial_, isAhead, changes_};
}

/** Nobody meets a fault in the page in which the file is to end: its end is zeroes from one moment to the next. */
MappingState Mapping::stateNow() {
  MappingState state = this->state();
  if (!state.beingCut) return state;
  const OpenFilePtr file = this->file();
  std::int64_t size = 0;
  if (!file || !platform::size(file->handle(), &size) || size >= offset_ + state.length) return state;
  std::lock_guard<std::mutex> guard(state_);
  if (state.changes == changes_) fault_.meetCut();
  return stateOf();
}

OpenFilePtr Mapping::file() const {
  std::lock_guard<std::mutex> guard(state_);
  return file_;
}

bool Mapping::isJoined(HandleId handle) const {
  std::lock_guard<std::mutex> guard(state_);
  return contains(handles_, handle);
}

Status Mapping::usable(const char* syscall) const {
  if (closed_) return Status::make(Kind::closed, syscall, "");
  if (poisoned_) return Status::make(Kind::poisoned, syscall, "");
  if (fault_) return Status::fault(fault_.why(), syscall, faultOffset());
  return {};
}

Status Mapping::usable(const char* syscall, OpenFilePtr* file) const {
  std::lock_guard<std::mutex> guard(state_);
  *file = file_;
  return usable(syscall);
}

bool Mapping::isGuarded() const {
  return std::all_of(windows_.begin(), windows_.end(), [](const auto& window) { return window->ward != nullptr; });
}

void Mapping::flagAll() {
  for (const auto& window : windows_) window->raiseFlag();
}

void Mapping::markFault(Why why, std::int64_t offset) {
  {
    std::lock_guard<std::mutex> guard(state_);
    if (!fault_.set(why, offset_ + offset)) return;
    flagAll();
  }
  platform::reportFault();
}

void Mapping::poison() {
  std::lock_guard<std::mutex> guard(state_);
  spoil();
}

/** Old views stay, the handles give nothing more out. */
void Mapping::spoil() {
  poisoned_ = true;
  length_ = 0;
  ++changes_;
  flagAll();
}

void Mapping::close() {
  std::vector<std::shared_ptr<Window>> windows;
  OpenFilePtr file, parent, directory;  // until the windows are gone: the guard looks at the file
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) return;
    closed_ = true;
    length_ = 0;
    flagAll();
    while (!windows_.empty()) extract(windows_.end() - 1, &windows);
    file.swap(file_);
    parent.swap(parent_);
    directory.swap(directory_);
  }
  withdrawAll(windows);
  cutRoomOf(file);
  // Given up, and not left to the end of the file: a process that is being spawned has a copy of its descriptor.
  std::lock_guard<std::mutex> guard(lockMutex_);
  lockOwners_.clear();
  giveLockBack(file);
}

}  // namespace fmmap
