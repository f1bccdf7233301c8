// A durable copy of a range in a new file: see copy.h.
#include "mapping/copy.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "mapping/lost-pages.h"
#include "mapping/pinned-range.h"
#include "mapping/random-digits.h"

namespace fmmap {

namespace {

/**
 * A file that gets its name when it is complete and on the disk, so that no program ever finds a part of it, not even after a
 * crash. If the system has no files without a name, it has one from the start, and loses it on failure.
 *
 * One that replaces another file has a hidden name first, which is then renamed over that of the other.
 */
class NewFile {
 public:
  /** @param mode - Permissions if it replaces nothing; -1: what the umask leaves. */
  NewFile(const platform::Place& place, int mode, bool replaces, const platform::Identity* only)
      : place_(place), replaces_(replaces), only_(only), name_(replaces ? ".fmmap-" : place.path), mode_(mode) {}
  NewFile(const NewFile&) = delete;
  ~NewFile() {
    platform::Identity identity;
    if (isNamed_ && !isWhole_ && platform::identity(file_, &identity)) {
      platform::removeEntry(parent_, name_, identity);
    }
    for (const platform::Handle handle : {file_, parent_}) {
      if (handle != platform::kNoHandle) platform::close(handle);
    }
  }

  Status create() {
    // Short, since the name of what it replaces may be as long as names can be.
    if (Status status = replaces_ ? addRandomDigits<8>(&name_) : Status{}; !status) return status;
    if (Status status = platform::openParent(place_, &parent_); !status) return status;
    platform::Entry old;
    if (Status status = findReplaced(&old); !status) return status;
    // Never accessible to more users than in the end.
    const int mode = old.isFile ? 0600 : mode_ < 0 ? 0666 : mode_ & 0777;
    if (Status status = platform::createUnnamed(parent_, name_, mode, &file_); !status) return status;
    if (file_ != platform::kNoHandle) return {};
    const Status status = platform::createNew(parent_, name_, mode, &file_);
    isNamed_ = static_cast<bool>(status);
    return status;
  }

  /** Writes everything to the disk. */
  Status finishContent() {
    // Last, because writing clears some bits.
    if (Status status = setPermissions(); !status) return status;
    return platform::sync(file_);
  }

  /** Called after finishContent(). */
  Status publish() {
    if (!isNamed_) {
      if (Status status = platform::giveName(file_, parent_, name_); !status) return status;
      isNamed_ = true;
    }
    if (replaces_) return replace();
    const Status status = syncNames(parent_, file_);
    isWhole_ = static_cast<bool>(status);
    return status;
  }

  platform::Handle handle() const { return file_; }

 private:
  Status findReplaced(platform::Entry* old) {
    return replaces_ ? platform::findEntry(parent_, place_.path, only_, old) : Status{};
  }

  Status setPermissions() {
    platform::Entry old;
    if (Status status = findReplaced(&old); !status) return status;
    if (old.isFile) return platform::setLike(file_, old);
    return mode_ < 0 ? Status{} : platform::setMode(file_, mode_);
  }

  Status replace() {
    platform::Entry old;
    if (Status status = findReplaced(&old); !status) return status;
    if (Status status = platform::replaceEntry(parent_, name_, place_.path); !status) return status;
    isWhole_ = true;  // it cannot be undone
    Status status = syncNames(parent_, file_);
    if (!status) {
      status.detail = "the file is replaced, but the old one may be back after a crash; sync its directory (syncParentDirectory)";
    }
    return status;
  }

  const platform::Place& place_;
  const bool replaces_;
  const platform::Identity* const only_;  // of what it may replace
  std::string name_;                      // until it replaces another
  const int mode_;
  platform::Handle parent_ = platform::kNoHandle;
  platform::Handle file_ = platform::kNoHandle;
  bool isNamed_ = false;
  bool isWhole_ = false;
};

bool isZero(const std::uint8_t* bytes, std::size_t length) {
  return length == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, length - 1) == 0);
}

/** Writes what is not zeroes: the rest becomes holes of the new file. */
Status writeSparse(platform::Handle file, const std::uint8_t* from, std::size_t length, std::int64_t at) {
  constexpr std::size_t block = 1 << 16;
  for (std::size_t done = 0; done < length; done += block) {
    const std::size_t size = std::min(block, length - done);
    if (isZero(from + done, size)) continue;
    const std::int64_t offset = at + static_cast<std::int64_t>(done);
    if (Status status = platform::write(file, from + done, size, offset); !status) return status;
  }
  return {};
}

}  // namespace

Status writeToNewFile(Mapping& mapping, HandleId handle, const platform::Place& place, std::int64_t offset,
                      std::int64_t length, const Replacing& replacing) {
  std::optional<SharedLock> order(std::in_place, mapping.order());
  std::optional<PinnedRange> pinned(std::in_place, mapping);
  PinnedRange& range = *pinned;
  if (Status status = range.take(handle, "write", offset, length); !status) return status;
  // Held to the end, so that no other file can get its inode number.
  const OpenFilePtr old = replacing.only ? replacing.only->file().copyHandle() : nullptr;
  if (replacing.only && replacing.only->isMemory()) {
    return Status::make(Kind::unsupported, "rename", "memory is no file that can be replaced; name a file that was opened");
  }
  if (replacing.only && !old) return Status::make(Kind::closed, "rename", "");
  platform::Identity only;
  if (old) {
    if (Status status = platform::identity(old->handle(), &only); !status) return status;
  }
  const platform::Handle source = range.file()->handle();
  platform::FileStat info;
  if (Status status = platform::stat(source, &info); !status) return status;
  NewFile target(place, mapping.isMemory() ? -1 : static_cast<int>(info.mode & 07777), replacing.isAllowed,
                 old ? &only : nullptr);
  if (Status status = target.create(); !status) return status;
  const bool isWhole = !mapping.isPrivate() && mapping.offset() + offset == 0 && info.size == length;
  const auto finish = [&]() -> Status {
    if (Status status = target.finishContent(); !status) return status;
    if (!replacing.only || !platform::viewsHoldFile()) return target.publish();
    pinned.reset();  // or a mapping that is replaced by itself would wait for this call
    order.reset();
    return replacing.only->replace([&] { return target.publish(); });
  };
  if (isWhole && platform::clone(source, target.handle())) return finish();

  /** A part of the range through memory. */
  const auto write = [&](std::int64_t from, std::int64_t to) {
    return range.each([&](const Piece& piece) -> Status {
      const std::int64_t at = piece.offset - offset;
      const std::int64_t first = std::max(from, at);
      const std::int64_t last = std::min(to, at + static_cast<std::int64_t>(piece.bytes));
      if (first >= last) return {};
      // Zeroes of private pages become holes; without a guard only the system may touch what may be lost.
      const auto put = mapping.isPrivate() && mapping.isGuarded() ? writeSparse : platform::write;
      return put(target.handle(), piece.at + (first - at), static_cast<std::size_t>(last - first), first);
    });
  };
  const Status status = explained(mapping, "write", range, [&]() -> Status {
    // Private pages are in no file, so those go through memory. Everything else stays in the kernel, and holes stay holes.
    if (mapping.isPrivate()) {
      if (Status status = write(0, length); !status) return status;
    }
    for (std::int64_t done = mapping.isPrivate() ? length : 0; done < length;) {
      const std::int64_t start = mapping.offset() + offset;
      std::int64_t from = start + done, to = start + length, copied = 0;
      platform::nextData(source, &from, &to);
      if (from < to) {
        if (Status status = platform::copyInKernel(source, from, to - from, target.handle(), from - start, &copied);
            !status) {
          return status;
        }
        if (Status status = write(from + copied - start, to - start); !status) return status;
      }
      done = to - start;
    }
    return platform::resize(target.handle(), length);
  });
  return status ? finish() : status;
}

}  // namespace fmmap
