// P5: what may be refused is looked at first, and the file is changed last.
#include <cerrno>

#include "mapping.h"
#include "pieces.h"

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

/** Locks the open file, then looks at it and finds the range to map. Changes nothing in it. */
Status Mapping::prepare(const OpenSpec& spec, bool* moved) {
  const platform::Handle file = file_->handle();
  access_ = spec.access;
  private_ = spec.access == platform::Access::copy;
  setFlags(spec.map);
  guard_ = spec.guard;
  detach_ = spec.detach;
  asked_ = spec.length;
  allocate_ = spec.allocate;
  truncate_ = spec.truncate && !created_;
  bool acquired = spec.lock == platform::Lock::none;
  if (!acquired) {
    if (Status status = platform::lock(file, spec.lock, &acquired); !status) return status;
  }
  if (!acquired) {
    created_ = false;  // or not ours any more: somebody has opened and locked it
    return Status::make(Kind::locked, "flock", "");
  }
  lock_ = spec.lock;
  std::int64_t size = 0;
  if (Status status = platform::inspect(file, place_, &identity_, &size, moved); !status || *moved) return status;
  if (spec.maxSize >= 0 && (spec.maxSize != size || spec.truncate)) resizeTo_ = spec.maxSize;
  else if (allocate_ && !spec.truncate && size > 0) resizeTo_ = size;  // it may have holes
  if (spec.truncate) size = 0;
  if (spec.maxSize >= 0) size = spec.maxSize;
  return range(spec, size);
}

/** The working directory may change, and whoever opened the file in another one closes that. */
Status Mapping::settle() {
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
  Exclusive order(order_);
  OpenFilePtr file, parent;
  {
    std::lock_guard<std::mutex> guard(state_);
    if (closed_) return Status::make(Kind::closed, "open", "");
    file = file_;
    parent = parent_;
  }
  Status status;
  if (truncate_ || resizeTo_ >= 0) status = commitSize(file->handle());
  else if (created_) status = platform::sync(file->handle());
  if (status && created_) status = platform::syncDirectory(parent->handle());
  if (!status) return status;
  {
    std::lock_guard<std::mutex> guard(state_);
    parent_ = nullptr;
  }
  created_ = truncate_ = false;
  resizeTo_ = -1;
  if (populate_) {
    // A wish, as MAP_POPULATE is: what cannot be read in now is read, or fails, when it is touched.
    Pieces pieces(*this);
    const MappingState now = state();
    if (!pieces.take(handle, "mmap", 0, now.length)) return {};
    for (const Piece& piece : pieces.all()) {
      const Pages pages(piece);
      platform::populate(pages.at, pages.length, now.access == platform::Access::write);
    }
  }
  return {};
}

/** First what only adds, for there may be no room; what fails before anything is lost leaves the file as it was. */
Status Mapping::commitSize(platform::Handle file) {
  std::int64_t before = 0;
  if (Status status = platform::size(file, &before); !status) return status;
  bool lost = false;
  const auto allocate = [&] {
    return allocate_ && resizeTo_ > 0 ? platform::allocate(file, 0, resizeTo_) : Status{};
  };
  const auto cut = [&](std::int64_t bytes) {
    const Status status = platform::resize(file, bytes);
    lost = lost || static_cast<bool>(status);
    return status;
  };
  Status status = allocate();
  if (status && resizeTo_ > before) status = platform::resize(file, resizeTo_);
  if (truncate_) {
    if (status) status = cut(0);
    if (status && resizeTo_ > 0) status = platform::resize(file, resizeTo_);
    if (status) status = allocate();
  } else if (status && resizeTo_ < before) {
    status = cut(resizeTo_);
  }
  if (status) status = platform::sync(file);
  std::int64_t after = 0;
  if (!status && !lost && !created_ && platform::size(file, &after) && after != before) platform::resize(file, before);
  return status;
}

void Mapping::abandon() {
  {
    Exclusive order(order_);
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
