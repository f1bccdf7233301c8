// Opening a mapping: what may be refused is checked first, and the file is changed last.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "mapping/mapping.h"
#include "mapping/pinned-range.h"

namespace fmmap {

Status Mapping::outside(const char* argument, std::int64_t asked, std::int64_t size, const char* remedy) {
  return Status::make(Kind::range, "",
                      std::string(argument) + " " + std::to_string(asked) + " is past the end of the file, which has " +
                          std::to_string(size) + " bytes; " + remedy,
                      argument);
}

Status Mapping::open(const OpenSpec& spec, std::shared_ptr<Mapping>* out) {
  // A file that others keep removing and recreating may have to be waited for more than once.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    bool moved = false;
    Status status = tryOpen(spec, out, &moved);
    if (!status || !moved) return status;
  }
  return Status::make(Kind::locked, "flock", "the file is being removed and made anew all the time; try again later");
}

Status Mapping::tryOpen(const OpenSpec& spec, std::shared_ptr<Mapping>* out, bool* moved) {
  std::shared_ptr<Mapping> mapping(new Mapping());
  if (Status status = mapping->file_.open(spec.request, spec.place); !status) return status;
  Status status = mapping->prepare(spec, moved);
  if (status && !*moved) status = mapping->file_.settle();
  if (!status || *moved) {
    mapping->abandon();
    return status;
  }
  mapping->setUp(spec);
  *out = std::move(mapping);
  return {};
}

/**
 * Locks the open file, then inspects it and finds the range to map. Changes nothing in it.
 *
 * Whichever lock it is to keep, its size is changed under the exclusive one, which commit() gives back: no process that has a
 * lock may find that the file was cut, or grown to less than it has just grown it to itself. A file that was created for this
 * has no such others if no locks are wanted, and a file system without locks has none to take.
 */
Status Mapping::prepare(const OpenSpec& spec, bool* moved) {
  asked_ = spec.length;
  blocks_ = spec.blocks;
  truncate_ = spec.truncate && !file_.isNew();
  keepLock_ = spec.lock;
  const OpenFilePtr file = file_.copyHandle();
  if (Status status = file_.takeLock(file, spec.lock); !status) return status;
  if (Status status = inspect(spec, moved); !status || *moved) return status;
  const bool isAlone =
      file_.lockState() == platform::Lock::exclusive || (file_.isNew() && spec.lock == platform::Lock::none);
  if (!isSizing() || isAlone) return {};
  const Status status = file_.takeLock(file, platform::Lock::exclusive);
  if (status) return inspect(spec, moved);
  return status.kind == Kind::system && spec.lock == platform::Lock::none ? Status{} : status;
}

/** What the file is, and what it is to become. Only `truncate` makes it shorter. */
Status Mapping::inspect(const OpenSpec& spec, bool* moved) {
  std::int64_t size = 0;
  const Status status = file_.inspect(&size, moved);
  if (!status || *moved) return status;
  if (spec.truncate) size = 0;
  const std::int64_t target = std::max(size == 0 && spec.maxSize > 0 ? spec.maxSize : size, spec.minSize);
  // It may have holes, too, that are to get blocks.
  resizeTo_ = target > size || (blocks_ != Blocks::late && target > 0) ? target : -1;
  return setRange(spec, target);
}

Status Mapping::setRange(const OpenSpec& spec, std::int64_t size) {
  if (size > kMaxOffset) return Status::system(EFBIG, "open");
  const bool canGrow = spec.access == platform::Access::write;
  const char* const remedy = canGrow ? "map less, or make it longer with minSize" : "map less";
  if (spec.offset > size) return outside("offset", spec.offset, size, remedy);
  if (spec.length > size - spec.offset) return outside("length", spec.length, size, remedy);
  offset_ = spec.offset;
  length_ = spec.length >= 0 ? spec.length : size - spec.offset;
  return {};
}

void Mapping::setUp(const OpenSpec& spec) {
  WindowTraits traits;
  traits.flags = spec.map;
  populate_ = std::exchange(traits.flags.populate, false);
  traits.delta = offset_ % static_cast<std::int64_t>(platform::pageSize());
  traits.fileStart = offset_ - traits.delta;
  traits.isPrivate = spec.access == platform::Access::copy && !isMemory();
  traits.isGuarded = spec.guard;
  windows_.setUp(traits, spec.access);
  detach_ = spec.detach;
}

Status Mapping::memory(const OpenSpec& spec, const std::uint8_t* data, std::int64_t length,
                       std::shared_ptr<Mapping>* out) {
  std::shared_ptr<Mapping> mapping(new Mapping());
  if (Status status = mapping->file_.openMemory(spec.place.path, data, length); !status) return status;
  mapping->length_ = length;
  mapping->setUp(spec);
  *out = std::move(mapping);
  return {};
}

/**
 * The file is changed last, when all else has succeeded, and so that most failures lose nothing. What was changed is on the
 * disk before this succeeds: the file first, then its name.
 */
Status Mapping::commit(HandleId handle) {
  ExclusiveLock order(order_);
  const auto [file, parent, directory] = file_.copyHandles();
  if (!file) return Status::make(Kind::closed, "open", "");
  Status status;
  std::int64_t before = -1;
  if (isSizing()) status = commitSize(file->handle(), &before);
  else if (file_.isNew()) status = platform::sync(file->handle());
  if (status && file_.isNew()) status = syncNames(parent->handle(), file->handle());
  if (status && file_.lockState() != keepLock_) status = file_.takeLock(file, keepLock_);
  if (status) {
    std::lock_guard<std::mutex> guard(state_);
    status = windows_.land(length_);
    if (!status) spoil();
  }
  if (!status) {
    // What was grown is cut back, unless another process has locked the file by now.
    std::int64_t after = before;
    {
      std::unique_lock<std::mutex> guard(state_);
      if (platform::viewsHoldFile()) {
        windows_.waitForWithdrawals(guard);
        windows_.lift();
      }
    }
    const bool isOurs = before >= 0 && !file_.isNew() && status.kind != Kind::locked;
    if (isOurs && platform::size(file->handle(), &after) && after != before) platform::resize(file->handle(), before);
    return status;
  }
  file_.keep();
  truncate_ = false;
  resizeTo_ = -1;
  if (populate_) populate(handle);
  return {};
}

/** A wish, as MAP_POPULATE is: what cannot be read now is read, or fails, when it is touched. */
void Mapping::populate(HandleId handle) {
  PinnedRange range(*this);
  const MappingState now = state();
  if (!range.take(handle, "mmap", 0, now.length)) return;
  for (const Piece& piece : range.pieces()) {
    const Pages pages(piece);
    platform::populate(pages.at, pages.length, now.access == platform::Access::write);
  }
}

/** First what only adds, for there may be no room. `before` is the size that it had, or -1 once some of that is lost. */
Status Mapping::commitSize(platform::Handle file, std::int64_t* before) {
  if (Status status = platform::size(file, before); !status) return status;
  const auto allocate = [&](std::int64_t size) {
    // The bytes that it has stay as they are, so their holes are only reserved.
    const std::int64_t kept = std::min(size, std::max<std::int64_t>(resizeTo_, 0));
    const Status status = addBlocks(std::min(blocks_, Blocks::reserved), file, 0, kept);
    return status ? addBlocks(blocks_, file, kept, resizeTo_) : status;
  };
  Status status = allocate(*before);
  if (status && resizeTo_ > *before) status = platform::resize(file, resizeTo_);
  if (status && truncate_) {
    status = platform::resize(file, 0);
    if (status) *before = -1;
    if (status) status = allocate(0);
    if (status && resizeTo_ > 0) status = platform::resize(file, resizeTo_);
  }
  return status ? platform::sync(file) : status;
}

void Mapping::abandon() {
  {
    ExclusiveLock order(order_);
    file_.undo();
  }
  close();
}

}  // namespace fmmap
