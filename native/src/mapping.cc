#include "mapping.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "registry.h"

namespace fmmap {

namespace {

constexpr std::int64_t kMaxOffset = 9007199254740991;  // 2^53-1, what a JavaScript number counts to

std::int64_t roundUp(std::int64_t bytes) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  return (bytes + page - 1) / page * page;
}

std::atomic<std::size_t> windowCount{0};  // of the process

Status outside(const char* argument, std::int64_t asked, std::int64_t size) {
  return Status::make(Kind::range, "",
                      std::string(argument) + " " + std::to_string(asked) + " is past the end of the file, which has " +
                          std::to_string(size) + " bytes; map less, or grow it with maxSize",
                      argument);
}

}  // namespace

// --- opening ---

Status Mapping::open(const OpenSpec& spec, std::shared_ptr<Mapping>* out) {
  // Who waits for a file that others remove and make anew may have to wait for the next one.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    bool moved = false;
    Status status = tryOpen(spec, out, &moved);
    if (!status || !moved) return status;
  }
  return Status::make(Kind::locked, "flock", "the file is being removed and made anew all the time; try again later");
}

Status Mapping::tryOpen(const OpenSpec& spec, std::shared_ptr<Mapping>* out, bool* moved) {
  std::shared_ptr<Mapping> mapping(new Mapping());
  mapping->name_ = mapping->path_ = spec.path;
  if (Status status = platform::absolutePath(&mapping->path_); !status) return status;
  if (Status status = platform::open(spec.request, mapping->path_, &mapping->file_, &mapping->parent_); !status) {
    return status;
  }
  mapping->created_ = mapping->parent_ != platform::kNoHandle;
  if (Status status = mapping->prepare(spec, moved); !status || *moved) {
    mapping->abandon();
    return status;
  }
  *out = std::move(mapping);
  return {};
}

/** Locks the open file, then looks at it and finds the range to map. Changes nothing in it. */
Status Mapping::prepare(const OpenSpec& spec, bool* moved) {
  access_ = spec.access;
  private_ = spec.access == platform::Access::copy;
  flags_ = spec.map;
  guard_ = spec.guard;
  asked_ = spec.length;
  allocate_ = spec.allocate;
  truncate_ = spec.truncate && !created_;
  bool acquired = false;
  if (Status status = platform::lock(file_, spec.lock, false, &acquired); !status) return status;
  if (!acquired) {
    created_ = false;  // or not ours any more: somebody has opened and locked it
    return Status::make(Kind::locked, "flock", "");
  }
  lock_ = spec.lock;
  std::int64_t size = 0;
  if (Status status = platform::inspect(file_, path_, &identity_, &size, moved); !status || *moved) return status;
  if (spec.maxSize >= 0 && (spec.maxSize != size || spec.truncate)) resizeTo_ = spec.maxSize;
  else if (allocate_ && !spec.truncate && size > 0) resizeTo_ = size;  // it may have holes
  if (spec.truncate) size = 0;
  if (spec.maxSize >= 0) size = spec.maxSize;
  return range(spec, size);
}

Status Mapping::range(const OpenSpec& spec, std::int64_t size) {
  if (size > kMaxOffset) return Status::system(EFBIG, "open");
  if (spec.offset > size) return outside("offset", spec.offset, size);
  if (spec.length > size - spec.offset) return outside("length", spec.length, size);
  offset_ = spec.offset;
  delta_ = offset_ % static_cast<std::int64_t>(platform::granularity());
  length_ = spec.length >= 0 ? spec.length : size - spec.offset;
  return {};
}

Status Mapping::memory(const std::string& path, const std::uint8_t* data, std::int64_t length,
                       platform::Access access, platform::MapFlags flags, bool guard,
                       std::shared_ptr<Mapping>* out) {
  std::shared_ptr<Mapping> mapping(new Mapping());
  mapping->name_ = path;
  mapping->memory_ = true;
  mapping->access_ = access;
  mapping->flags_ = flags;
  mapping->guard_ = guard;
  mapping->length_ = length;
  if (Status status = platform::openMemory(&mapping->file_); !status) return status;
  Status status = platform::resize(mapping->file_, length);
  if (status && data) status = platform::write(mapping->file_, data, static_cast<std::size_t>(length), 0);
  if (!status) {
    mapping->abandon();
    return status;
  }
  *out = std::move(mapping);
  return {};
}

Mapping::~Mapping() { close(); }

Status Mapping::addWindow(std::uint8_t* data, std::size_t capacity, std::int64_t start, std::int64_t* length) {
  Exclusive exclusive(gate_);
  if (closed_) return Status::make(Kind::closed, "mmap", "");
  if (poisoned_) return Status::make(Kind::poisoned, "mmap", "");  // but a fault may be about to be repaired
  if (windowCount >= platform::windowLimit()) {
    return Status::system(ENOMEM, "mmap", "too many files are mapped; close some, or raise vm.max_map_count");
  }
  Window window{data, capacity, start};
  if (*length < 0) *length = length_;
  else window.fresh = *length != length_;  // made for a resize() to come
  const std::int64_t pages = std::min<std::int64_t>(capacity, pagesOf(*length) - start);
  window.mapped = static_cast<std::size_t>(std::max<std::int64_t>(pages, 0));
  if (window.mapped > 0) {
    platform::MapFlags flags = flags_;
    flags.populate = false;  // there may be nothing to populate before commit()
    Status status = platform::map(file_, fileStart() + start, data, window.mapped, access_, flags);
    if (!status) return status;
  }
  flag(window, false);
  if (guard_) {
    window.ward = platform::guard({data, capacity, file_, fileStart() + start, access_, private_, &fault_});
  }
  if (fault_) flag(window, true);
  windows_.push_back(window);
  ++windowCount;
  return {};
}

/**
 * The file is changed last, when all else has succeeded, and so that most failures lose nothing. What was
 * changed is on the disk before we say so: the file first, then its name.
 */
Status Mapping::commit() {
  Status status;
  if (truncate_ || resizeTo_ >= 0) status = commitSize();
  else if (created_) status = platform::sync(file_);
  if (status && created_) status = platform::syncDirectory(parent_);
  if (!status) return status;
  if (created_) platform::close(parent_);
  parent_ = platform::kNoHandle;
  created_ = false;
  if (flags_.populate) {
    // A wish, as MAP_POPULATE is: what cannot be read in now is read, or fails, when it is touched.
    for (Window& window : windows_) {
      if (window.mapped > 0) platform::populate(window.data, window.mapped, access_ == platform::Access::write);
    }
  }
  return {};
}

/** First what only adds, for there may be no room; what fails before anything is lost leaves the file as it was. */
Status Mapping::commitSize() {
  std::int64_t before = 0;
  if (Status status = platform::size(file_, &before); !status) return status;
  bool lost = false;
  const auto allocate = [&] {
    return allocate_ && resizeTo_ > 0 ? platform::allocate(file_, 0, resizeTo_) : Status{};
  };
  const auto cut = [&](std::int64_t bytes) {
    const Status status = platform::resize(file_, bytes);
    lost = lost || static_cast<bool>(status);
    return status;
  };
  Status status = allocate();
  if (status && resizeTo_ > before) status = platform::resize(file_, resizeTo_);
  if (truncate_) {
    if (status) status = cut(0);
    if (status && resizeTo_ > 0) status = platform::resize(file_, resizeTo_);
    if (status) status = allocate();
  } else if (status && resizeTo_ < before) {
    status = cut(resizeTo_);
  }
  if (status) status = platform::sync(file_);
  std::int64_t after = 0;
  if (!status && !lost && !created_ && platform::size(file_, &after) && after != before) {
    platform::resize(file_, before);
  }
  return status;
}

void Mapping::abandon() {
  // Asked again, for that may be what has failed.
  if (created_ && platform::identity(file_, &identity_)) platform::removeEntry(parent_, path_, identity_);
  created_ = false;
  close();
}

// --- state ---

Status Mapping::usable(const char* syscall) const {
  if (closed_) return Status::make(Kind::closed, syscall, "");
  if (poisoned_) return Status::make(Kind::poisoned, syscall, "");
  if (fault_) return Status::fault(fault_.cause(), syscall, faultOffset());
  return {};
}

void Mapping::markFault(Cause cause, std::int64_t offset) {
  if (!fault_.set(cause, offset_ + offset)) return;
  flagAll();
  platform::reportFault();
}

std::int64_t Mapping::pagesOf(std::int64_t length) const { return length == 0 ? 0 : roundUp(delta_ + length); }

void Mapping::flag(Window& window, bool stale) {
  reinterpret_cast<std::atomic<std::uint8_t>*>(window.data + window.capacity)->store(stale ? 1 : 0);
}

void Mapping::flagAll() {
  for (Window& window : windows_) flag(window, true);
}

/** Old views stay, the handles give nothing more out. */
void Mapping::poison() {
  poisoned_ = true;
  length_ = 0;
  flagAll();
}

void Mapping::close() {
  Exclusive exclusive(gate_);
  if (closed_) return;
  closed_ = true;
  flagAll();
  for (Window& window : windows_) withdraw(window);
  windowCount -= windows_.size();
  windows_.clear();
  if (parent_ != platform::kNoHandle) platform::close(parent_);
  if (file_ != platform::kNoHandle) platform::close(file_);  // and with it goes the lock
  parent_ = file_ = platform::kNoHandle;
  lock_ = platform::Lock::none;
  length_ = 0;
}

/** Puts zeroes in place of the file, under guard until nobody can fault there any more. */
void Mapping::withdraw(Window& window) {
  platform::suspend(window.ward);
  // Whole areas of the kernel's give way to one of the same size, so this needs no room to succeed.
  const std::size_t length = fault_ ? window.capacity : window.mapped;
  if (length > 0) platform::retire(window.data, length);
  window.mapped = 0;
  platform::unguard(window.ward);
  window.ward = nullptr;
}

// --- windows shared by handles ---

bool Mapping::hold(std::uint8_t* data) {
  Exclusive exclusive(gate_);
  for (Window& window : windows_) {
    if (window.data != data) continue;
    ++window.holders;
    return true;
  }
  return false;
}

void Mapping::release(std::uint8_t* data) {
  Exclusive exclusive(gate_);
  for (auto window = windows_.begin(); window != windows_.end(); ++window) {
    if (window->data != data) continue;
    if (--window->holders > 0) return;
    // Nobody keeps the memory of this window alive any more: V8 may hand its addresses out again.
    withdraw(*window);
    windows_.erase(window);
    --windowCount;
    return;
  }
}

Status Mapping::pinHandle(platform::Handle* file) {
  gate_.pin();
  if (!closed_) {
    *file = file_;
    return {};
  }
  gate_.unpin();
  return Status::make(Kind::closed, "fstat", "");
}

// --- changing the size ---

/** Makes a window show as much of the file as both have. */
Status Mapping::fit(Window& window) {
  const std::int64_t pages = std::min<std::int64_t>(window.capacity, pagesOf(length_) - window.start);
  const std::size_t target = static_cast<std::size_t>(std::max<std::int64_t>(pages, 0));
  if (target <= window.mapped) return {};
  const std::int64_t from = fileStart() + window.start + static_cast<std::int64_t>(window.mapped);
  Status status = platform::map(file_, from, window.data + window.mapped, target - window.mapped, access_, flags_);
  if (status) window.mapped = target;
  return status;
}

/** Takes pages past the new end away before the file loses them: a load there must find zeroes. */
Status Mapping::shrink(Window& window) {
  const std::int64_t pages = std::max<std::int64_t>(pagesOf(length_) - window.start, 0);
  if (pages >= static_cast<std::int64_t>(window.mapped)) return {};
  Status status = platform::retire(window.data + pages, window.mapped - pages);
  if (status) window.mapped = static_cast<std::size_t>(pages);
  return status;
}

/** Stores behind the end of the file, in its last page, must not surface when it grows. */
void Mapping::zeroTail(std::int64_t size) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t tail = (page - size % page) % page;
  if (tail == 0 || size != offset_ + length_) return;
  for (Window& window : windows_) {
    const std::int64_t at = size - fileStart() - window.start;
    if (at <= 0 || at + tail > static_cast<std::int64_t>(window.mapped)) continue;
    // Storing zeroes over zeroes would make the page dirty, or fault where the file may not be changed.
    const auto stored = [](std::uint8_t byte) { return byte != 0; };
    if (std::any_of(window.data + at, window.data + at + tail, stored)) {
      std::memset(window.data + at, 0, static_cast<std::size_t>(tail));
    }
    return;
  }
}

Status Mapping::resize(std::int64_t size, bool moved) {
  Status status = changeSize(size, moved);
  if (!status || memory_) return status;
  Pin pin(gate_);  // others may go on while the disk works
  if (closed_) return Status::make(Kind::closed, "fsync", "");
  status = platform::sync(file_);
  if (!status) poison();  // the system tells of a lost write once only
  return status;
}

Status Mapping::changeSize(std::int64_t size, bool moved) {
  Exclusive exclusive(gate_);
  if (Status status = usable("ftruncate"); !status) return status;
  if (size < offset_) {
    return Status::make(Kind::range, "",
                        "size " + std::to_string(size) + " would end the file before the mapping's offset " +
                            std::to_string(offset_) + "; open it with a smaller offset",
                        "size");
  }
  if (Status status = check("ftruncate"); !status) return status;
  std::int64_t before = 0;
  if (Status status = platform::size(file_, &before); !status) return status;
  const std::int64_t length = length_;
  if (size > before) zeroTail(before);
  if (size > before && allocate_) {
    if (Status status = platform::allocate(file_, before, size - before); !status) {
      platform::resize(file_, before);
      return status;
    }
  }
  length_ = size - offset_;
  Status status;
  for (Window& window : windows_) {
    // First of all, so that no other thread takes the zeroes that come for the file's.
    if (moved && !window.fresh) flag(window, true);
    if (status) status = shrink(window);
  }
  if (status) status = platform::resize(file_, size);
  if (!status) length_ = length;  // nothing has happened: show again what was taken away
  for (Window& window : windows_) {
    window.fresh = false;
    if (Status again = fit(window); !again) {
      poison();
      return status ? again : status;
    }
  }
  if (status) asked_ = -1;
  return status;
}

Status Mapping::freeze(bool exec) {
  Exclusive exclusive(gate_);
  if (Status status = usable("mprotect"); !status) return status;
  if (registry::handles(this) > 1) {
    return Status::make(Kind::unsupported, "mprotect",
                        "cannot freeze while other threads are attached; close or drop their handles first");
  }
  const platform::Access access = exec ? platform::Access::exec : platform::Access::read;
  bool begun = false;
  for (Window& window : windows_) {
    if (window.mapped == 0) continue;
    if (Status status = platform::protect(window.data, window.mapped, access); !status) {
      if (begun) poison();
      return status;
    }
    platform::setAccess(window.ward, access);
    begun = true;
  }
  access_ = access;
  return {};
}

Status Mapping::extent(std::int64_t* length) {
  Pin pin(gate_);
  return closed_ ? Status::make(Kind::closed, "fstat", "") : available(length);
}

Status Mapping::available(std::int64_t* length) const {
  std::int64_t size = 0;
  if (Status status = platform::size(file_, &size); !status) return status;
  if (offset_ > size) return outside("offset", offset_, size);
  *length = asked_ < 0 ? size - offset_ : std::min(asked_, size - offset_);
  return {};
}

/**
 * `moved`: handles are told by the flags, and make windows of their own. Views of all windows show
 * the file again, but for private ones: those pages cannot be shown twice.
 */
Status Mapping::reopen(std::int64_t limit, bool moved) {
  Exclusive exclusive(gate_);
  if (closed_) return Status::make(Kind::closed, "mmap", "");
  if (poisoned_) return Status::make(Kind::poisoned, "mmap", "");
  if (private_ && registry::handles(this) > 1) {
    return Status::make(Kind::unsupported, "mmap",
                        "cannot reopen a copy-on-write mapping while other threads are attached; close their handles first");
  }
  std::int64_t length = 0;
  if (Status status = available(&length); !status) return status;
  flagAll();
  for (Window& window : windows_) {
    platform::suspend(window.ward);
    Status status = platform::retire(window.data, window.capacity);
    window.mapped = 0;
    if (status) continue;
    poison();
    return status;
  }
  length_ = limit < 0 ? length : std::min(length, limit);
  ++faultSerial_;
  fault_.clear();
  Status status;
  for (Window& window : windows_) {
    window.fresh = false;
    if (status && !private_) status = fit(window);
    if (status && !moved) flag(window, false);
    platform::resume(window.ward);
  }
  if (!status) poison();
  return status;
}

}  // namespace fmmap
