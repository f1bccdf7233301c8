// P5: what may be refused is looked at first, and the file is changed last.
#include <algorithm>
#include <cerrno>

#include "mapping/mapping.h"
#include "mapping/pinned-range.h"

namespace fmmap {

namespace {

constexpr std::int64_t kMaxOffset = 9007199254740991;  // 2^53-1, what a JavaScript number counts to

OpenFilePtr own(platform::Handle handle) {
  return handle == platform::kNoHandle ? nullptr : std::make_shared<const OpenFile>(handle);
}

}  // namespace

Status Mapping::outside(const char* argument, std::int64_t asked, std::int64_t size, const char* remedy) {
  return Status::make(Kind::range, "",
                      std::string(argument) + " " + std::to_string(asked) + " is past the end of the file, which has " +
                          std::to_string(size) + " bytes; " + remedy,
                      argument);
}

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
  mapping->name_ = spec.place.path;
  mapping->place_ = spec.place;
  platform::Handle file = platform::kNoHandle, parent = platform::kNoHandle;
  if (Status status = platform::open(spec.request, spec.place, &file, &parent); !status) return status;
  mapping->file_ = own(file);
  mapping->parent_ = own(parent);
  mapping->created_ = mapping->parent_ != nullptr;
  Status status = mapping->prepare(spec, moved);
  if (status && !*moved) status = mapping->settle();
  if (!status || *moved) {
    mapping->abandon();
    return status;
  }
  *out = std::move(mapping);
  return {};
}

/**
 * Locks the open file, then looks at it and finds the range to map. Changes nothing in it.
 *
 * Whichever lock it is to have, its size is changed under the exclusive one, which commit() gives back: nobody who has
 * a lock may find that it was cut, or grown to less than they have just grown it to. A file that was made for this has
 * no such others where no locks are wanted, and a file system without locks has none to take.
 */
Status Mapping::prepare(const OpenSpec& spec, bool* moved) {
  access_ = spec.access;
  private_ = spec.access == platform::Access::copy;
  setFlags(spec.map);
  guard_ = spec.guard;
  detach_ = spec.detach;
  asked_ = spec.length;
  allocate_ = spec.allocate;
  truncate_ = spec.truncate && !created_;
  keepLock_ = spec.lock;
  if (Status status = takeLock(file_, spec.lock); !status) return status;
  if (Status status = look(spec, moved); !status || *moved) return status;
  const bool isAlone = lock_ == platform::Lock::exclusive || (created_ && spec.lock == platform::Lock::none);
  if (!isSizing() || isAlone) return {};
  const Status status = takeLock(file_, platform::Lock::exclusive);
  if (status) return look(spec, moved);
  return status.kind == Kind::system && spec.lock == platform::Lock::none ? Status{} : status;
}

/** Also in place of the one that it has, which is lost if the other one cannot be had. */
Status Mapping::takeLock(const OpenFilePtr& file, platform::Lock kind) {
  bool acquired = true;
  if (kind != lock_) {
    if (Status status = platform::lock(file->handle(), kind, &acquired); !status) return status;
  }
  if (acquired) {
    lock_ = kind;
    return {};
  }
  created_ = false;  // or not ours any more: somebody has opened and locked it
  return Status::make(Kind::locked, "flock", "");
}

/** What the file is, and what is going to become of it. Only `truncate` makes it shorter. */
Status Mapping::look(const OpenSpec& spec, bool* moved) {
  std::int64_t size = 0;
  const Status status = platform::inspect(file_->handle(), place_, &identity_, &size, moved);
  if (!status || *moved) return status;
  if (spec.truncate) size = 0;
  const std::int64_t target = std::max(size == 0 && spec.maxSize > 0 ? spec.maxSize : size, spec.minSize);
  // It may have holes, too, which want blocks.
  resizeTo_ = target > size || (allocate_ && target > 0) ? target : -1;
  return range(spec, target);
}

/** The working directory may change, and whoever opened the file in another one closes that. */
Status Mapping::settle() {
  if (place_.file != platform::kNoHandle) {
    place_ = {};  // it is nowhere
    return {};
  }
  if (!place_.path.empty() && place_.path.front() == '/') return {};
  std::string path;
  if (platform::absolutePath(place_, identity_, &path)) {
    place_ = {path};
    return {};
  }
  const Status status = platform::holdDirectory(place_, &place_.directory);
  if (status) directory_ = own(place_.directory);
  return status;
}

void Mapping::setFlags(platform::MapFlags flags) {
  populate_ = flags.populate;
  flags_ = flags;
  flags_.populate = false;
}

Status Mapping::range(const OpenSpec& spec, std::int64_t size) {
  if (size > kMaxOffset) return Status::system(EFBIG, "open");
  const bool canGrow = spec.access == platform::Access::write;
  const char* const remedy = canGrow ? "map less, or make it longer with minSize" : "map less";
  if (spec.offset > size) return outside("offset", spec.offset, size, remedy);
  if (spec.length > size - spec.offset) return outside("length", spec.length, size, remedy);
  offset_ = spec.offset;
  delta_ = offset_ % static_cast<std::int64_t>(platform::granularity());
  length_ = spec.length >= 0 ? spec.length : size - spec.offset;
  return {};
}

Status Mapping::memory(const OpenSpec& spec, const std::uint8_t* data, std::int64_t length,
                       std::shared_ptr<Mapping>* out) {
  std::shared_ptr<Mapping> mapping(new Mapping());
  mapping->name_ = spec.place.path;
  mapping->memory_ = true;
  mapping->access_ = spec.access;
  mapping->setFlags(spec.map);
  mapping->guard_ = spec.guard;
  mapping->detach_ = spec.detach;
  mapping->length_ = length;
  platform::Handle file = platform::kNoHandle;
  if (Status status = platform::openMemory(&file); !status) return status;
  mapping->file_ = own(file);
  if (Status status = platform::resize(file, length); !status) return status;
  if (data) {
    if (Status status = platform::write(file, data, static_cast<std::size_t>(length), 0); !status) return status;
  }
  *out = std::move(mapping);
  return {};
}

/**
 * The file is changed last, when all else has succeeded, and so that most failures lose nothing. What was
 * changed is on the disk before we say so: the file first, then its name.
 */
Status Mapping::commit(HandleId handle) {
  ExclusiveLock order(order_);
  OpenFilePtr file, parent;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) return Status::make(Kind::closed, "open", "");
    file = file_;
    parent = parent_;
  }
  Status status;
  std::int64_t before = -1;
  if (isSizing()) status = commitSize(file->handle(), &before);
  else if (created_) status = platform::sync(file->handle());
  if (status && created_) status = platform::syncDirectory(parent->handle());
  if (status && lock_ != keepLock_) {
    std::lock_guard<std::mutex> guard(lockMutex_);
    status = takeLock(file, keepLock_);
  }
  if (!status) {
    // What was grown is cut back, but for what somebody else has locked by now.
    std::int64_t after = before;
    const bool isOurs = before >= 0 && !created_ && status.kind != Kind::locked;
    if (isOurs && platform::size(file->handle(), &after) && after != before) platform::resize(file->handle(), before);
    return status;
  }
  {
    std::lock_guard<std::mutex> guard(state_);
    parent_ = nullptr;
  }
  created_ = truncate_ = false;
  resizeTo_ = -1;
  if (populate_) {
    // A wish, as MAP_POPULATE is: what cannot be read in now is read, or fails, when it is touched.
    PinnedRange pieces(*this);
    const MappingState now = state();
    if (!pieces.take(handle, "mmap", 0, now.length)) return {};
    for (const Piece& piece : pieces.all()) {
      const Pages pages(piece);
      platform::populate(pages.at, pages.length, now.access == platform::Access::write);
    }
  }
  return {};
}

/** First what only adds, for there may be no room. `before` is what the file had, but -1 once some of that is lost. */
Status Mapping::commitSize(platform::Handle file, std::int64_t* before) {
  if (Status status = platform::size(file, before); !status) return status;
  const auto allocate = [&] {
    return allocate_ && resizeTo_ > 0 ? platform::allocate(file, 0, resizeTo_) : Status{};
  };
  Status status = allocate();
  if (status && resizeTo_ > *before) status = platform::resize(file, resizeTo_);
  if (status && truncate_) {
    status = platform::resize(file, 0);
    if (status) *before = -1;
    if (status && resizeTo_ > 0) status = platform::resize(file, resizeTo_);
    if (status) status = allocate();
  }
  return status ? platform::sync(file) : status;
}

void Mapping::abandon() {
  {
    ExclusiveLock order(order_);
    OpenFilePtr file, parent;
    {
      std::lock_guard<std::mutex> guard(state_);
      file = file_;
      parent = parent_;
    }
    // Asked again, for that may be what has failed.
    if (created_ && file && parent && platform::identity(file->handle(), &identity_)) {
      platform::removeEntry(parent->handle(), place_.path, identity_);
    }
    created_ = false;
  }
  close();
}

}  // namespace fmmap
