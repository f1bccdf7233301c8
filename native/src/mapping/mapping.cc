// The state of a mapping, and its handles: see mapping.h.
#include "mapping/mapping.h"

#include <algorithm>

namespace fmmap {

// --- handles ---

bool Mapping::join(HandleId handle) {
  std::lock_guard<std::mutex> guard(state_);
  if (closed_) return false;
  handles_.push_back(handle);
  return true;
}

bool Mapping::leave(HandleId handle) {
  WindowSet::List left;
  bool isLast;
  {
    std::lock_guard<std::mutex> guard(state_);
    handles_.erase(std::remove(handles_.begin(), handles_.end(), handle), handles_.end());
    isLast = handles_.empty();
    left = windows_.take(handle);
  }
  windows_.withdraw(left);
  windows_.waitFor(handle);
  file_.endOwner(handle);
  // What was not committed was not opened, as far as its user knows.
  if (isLast && file_.isNew()) abandon();
  else if (isLast) close();
  return isLast;
}

void Mapping::leaveViews(HandleId handle) {
  WindowSet::List left;
  {
    std::lock_guard<std::mutex> guard(state_);
    left = windows_.takeViewless(handle);
  }
  windows_.withdraw(left);
}

bool Mapping::isJoined(HandleId handle) const {
  return std::find(handles_.begin(), handles_.end(), handle) != handles_.end();
}

// --- windows ---

Status Mapping::addWindow(WindowSet::NewWindow window, std::int64_t* length) {
  std::lock_guard<std::mutex> guard(state_);
  if (window.isGuest && !platform::canMapGuests()) {
    return Status::make(Kind::unsupported, "mmap",
                        "files cannot be mapped into WebAssembly memory on this system; copy the bytes there with read()");
  }
  if (window.isGuest && isPrivate()) {
    return Status::make(Kind::unsupported, "mmap", "the changes of a copy-on-write mapping cannot be shown a second time");
  }
  if (!isJoined(window.handle)) return Status::make(Kind::closed, "mmap", "");
  if (Status status = changeable(); !status) return status;
  std::int64_t madeFor = -1;
  if (*length < 0) *length = shownLength();
  else if (*length != length_) madeFor = *length;
  // Pages that the file does not have yet can be mapped early on some systems only; commit() and resize() do it for all.
  const bool isEarly = platform::viewsHoldFile() && (madeFor >= 0 || isSizing());
  const Status status = windows_.add(window, file_.handle(), isEarly ? 0 : *length, madeFor, cutTo_ >= 0);
  if (!platform::viewsHoldFile() || isEarly || asked_ >= 0) return status;
  // As long as there was no view that held the file, another process could cut it.
  std::int64_t size = 0;
  if (!platform::size(file_.handle()->handle(), &size) || size >= offset_ + length_) return status;
  *length = length_ = std::max<std::int64_t>(size - offset_, 0);
  ++changes_;
  return status ? status : windows_.add(std::move(window), file_.handle(), length_, madeFor, false);
}

void Mapping::shareWindow(HandleId handle, const std::uint8_t* data, std::size_t size, Keeper memory,
                          std::int64_t* start) {
  std::lock_guard<std::mutex> guard(state_);
  Window* const window = isJoined(handle) ? windows_.share(handle, data, size, std::move(memory)) : nullptr;
  if (!window) return;
  if (cutTo_ >= 0) window->raiseFlag();
  *start = window->start;
}

void Mapping::protectGuests(const std::uint8_t* from, const std::uint8_t* to) {
  std::lock_guard<std::mutex> guard(state_);
  windows_.protectGuests(from, to);
}

Status Mapping::unlockMemory(std::int64_t offset, std::int64_t length) {
  std::lock_guard<std::mutex> guard(state_);
  const Status status = usable("munlock");
  return status ? windows_.unlockMemory(offset, length) : status;
}

Status Mapping::pin(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length, bool isLeft,
                    Pinned* pinned) {
  std::lock_guard<std::mutex> guard(state_);
  if (isLeft) {
    const std::int64_t total = shownLength();
    offset = std::min(offset, total);
    length = std::min(length, total - offset);
  }
  if (Status status = usableRange(syscall, offset, length); !status) return status;
  pinned->file = file_.handle();
  pinned->length = length;
  pinned->changes = changes_;
  return windows_.pin(handle, offset, length, &pinned->pieces);
}

bool Mapping::isUnchanged(int changes) const {
  std::lock_guard<std::mutex> guard(state_);
  return changes_ == changes && cutTo_ < 0;
}

// --- state ---

MappingState Mapping::state() const {
  std::lock_guard<std::mutex> guard(state_);
  return stateOf();
}

MappingState Mapping::stateOf() const {
  const bool isAhead = cutTo_ >= 0 && !fault_.isCut();
  return {closed_.load(), poisoned_,     windows_.access(), file_.lockState(), shownLength(),
          fault_.why(),  faultOffset(), faultSerial_,       isAhead,           changes_};
}

/** The page in which the file is to end causes no fault: its rest is zeroes from one moment to the next. */
MappingState Mapping::stateNow() {
  MappingState state = this->state();
  if (!state.beingCut) return state;
  const OpenFilePtr file = file_.copyHandle();
  std::int64_t size = 0;
  if (!file || !platform::size(file->handle(), &size) || size >= offset_ + state.length) return state;
  std::lock_guard<std::mutex> guard(state_);
  if (state.changes == changes_) fault_.meetCut();
  return stateOf();
}

Status Mapping::usable(const char* syscall) const {
  if (closed_) return Status::make(Kind::closed, syscall, "");
  if (poisoned_) return Status::make(Kind::poisoned, syscall, "");
  if (fault_) return Status::fault(fault_.why(), syscall, faultOffset());
  return {};
}

Status Mapping::usable(const char* syscall, OpenFilePtr* file) const {
  std::lock_guard<std::mutex> guard(state_);
  *file = file_.handle();
  return usable(syscall);
}

Status Mapping::usableRange(const char* syscall, std::int64_t offset, std::int64_t length) const {
  const Status status = usable(syscall);
  const std::int64_t total = shownLength();
  if (!status || (offset <= total && length <= total - offset)) return status;
  return Status::make(Kind::range, "", "the mapping was made shorter meanwhile", "length");
}

Status Mapping::requireRange(const char* syscall, std::int64_t offset, std::int64_t length) const {
  std::lock_guard<std::mutex> guard(state_);
  return usableRange(syscall, offset, length);
}

Status Mapping::changeable() const {
  if (closed_) return Status::make(Kind::closed, "mmap", "");
  return poisoned_ ? Status::make(Kind::poisoned, "mmap", "") : Status{};
}

Status Mapping::check(const char* syscall) {
  if (isMemory() && !closed_ && !fault_) return {};  // nothing else can befall it
  // The size is read without `state_`, since that may wait. If the length has changed meanwhile, it is read again.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    OpenFilePtr file;
    std::int64_t length;
    int changes;
    {
      std::lock_guard<std::mutex> guard(state_);
      if (closed_) return Status::make(Kind::closed, syscall, "");
      if (fault_) return Status::fault(fault_.why(), syscall, faultOffset());
      file = file_.handle();
      length = certainLength();
      changes = changes_;
    }
    std::int64_t size = 0;
    if (Status status = platform::size(file->handle(), &size); !status) return status;
    if (size >= offset_ + length) return {};
    {
      std::lock_guard<std::mutex> guard(state_);
      if (changes != changes_ || !fault_.set({Reason::truncated}, std::max(size, offset_))) continue;
      windows_.raiseFlags();
    }
    platform::reportFault();
  }
  return {};
}

void Mapping::markFault(Why why, std::int64_t offset) {
  {
    std::lock_guard<std::mutex> guard(state_);
    if (!fault_.set(why, offset_ + offset)) return;
    windows_.raiseFlags();
  }
  platform::reportFault();
}

void Mapping::poison() {
  std::lock_guard<std::mutex> guard(state_);
  spoil();
}

void Mapping::spoil() {
  poisoned_ = true;
  length_ = 0;
  ++changes_;
  windows_.raiseFlags();
}

Status Mapping::withoutViews(const std::function<Status()>& change, bool isCut) {
  if (!platform::viewsHoldFile()) return change();
  Status status;
  {
    std::unique_lock<std::mutex> guard(state_);
    windows_.waitForWithdrawals(guard);
    status = windows_.lift();
  }
  if (status) status = change();
  const OpenFilePtr file = file_.copyHandle();
  std::int64_t size = 0;
  const bool isKnown = file && platform::size(file->handle(), &size);
  bool isLost = false;
  {
    std::lock_guard<std::mutex> guard(state_);
    const bool isShorter = isKnown && size < offset_ + length_;
    // Nothing held the file meanwhile.
    isLost = isShorter && !isCut && fault_.set({Reason::truncated}, std::max(size, offset_));
    if (isLost) windows_.raiseFlags();
    const Status shown = windows_.land(isShorter ? std::max<std::int64_t>(size - offset_, 0) : -1);
    if (!shown) spoil();
    if (status) status = shown;
  }
  if (isLost) platform::reportFault();
  return status;
}

Status Mapping::freeze(bool exec) {
  std::lock_guard<std::mutex> guard(state_);
  if (Status status = usable("mprotect"); !status) return status;
  if (handles_.size() > 1) {
    return Status::make(Kind::unsupported, "mprotect",
                        "cannot freeze while other threads are attached; close or drop their handles first");
  }
  bool begun = false;
  const Status status = windows_.protect(exec ? platform::Access::exec : platform::Access::read, &begun);
  if (!status && begun) spoil();
  return status;
}

void Mapping::close(HandleId hidden) {
  WindowSet::List windows;
  File::Handles handles;  // kept until the windows are gone: the guard reads from the file
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) return;
    closed_ = true;
    length_ = 0;
    windows_.raiseFlags();
    windows = windows_.takeAll(hidden);
    handles = file_.giveUp();
  }
  windows_.withdraw(windows);
  if (platform::viewsHoldFile()) {
    std::unique_lock<std::mutex> guard(state_);
    windows_.waitForWithdrawals(guard);  // by other threads
  }
  cutRoomOf(handles.file);
  file_.endLock(handles.file);
}

// --- the file ---

Status Mapping::lock(HandleId handle, platform::Lock kind, LockClaim claim, bool* acquired) {
  const auto isUser = [&] {
    std::lock_guard<std::mutex> guard(state_);
    return isJoined(handle);
  };
  return file_.lock(handle, kind, claim, isUser, acquired);
}

Status Mapping::remove() {
  ExclusiveLock order(order_);
  return withoutViews([this] { return file_.remove(); });
}

Status Mapping::replace(const std::function<Status()>& change) {
  ExclusiveLock order(order_);
  return withoutViews(change);
}

bool Mapping::tellsResidency(const OpenFilePtr& file) const {
  if (tellsResidency_ < 0) tellsResidency_ = platform::tellsResidency(file->handle()) ? 1 : 0;
  return tellsResidency_ == 1;
}

}  // namespace fmmap
