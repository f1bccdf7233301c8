// writeToNewFile: a durable copy of a range in a file that did not exist.
#include <algorithm>
#include <cstring>

#include "mapping.h"
#include "pieces.h"

namespace fmmap {

namespace {

/**
 * A file that gets its name when it is whole and on the disk, so that nobody ever finds a part of it, not even
 * after a crash. Where the system has no files without a name it has one from the start, and loses it on failure.
 */
class NewFile {
 public:
  NewFile(const platform::Place& place, int mode) : place_(place), path_(place.path), mode_(mode) {}
  NewFile(const NewFile&) = delete;
  ~NewFile() {
    platform::Identity identity;
    if (isNamed_ && !isWhole_ && platform::identity(file_, &identity)) {
      platform::removeEntry(parent_, path_, identity);
    }
    for (const platform::Handle handle : {file_, parent_}) {
      if (handle != platform::kNoHandle) platform::close(handle);
    }
  }

  Status create() {
    if (Status status = platform::openParent(place_, &parent_); !status) return status;
    // Never open to more than in the end.
    const int mode = mode_ < 0 ? 0666 : mode_ & 0777;
    if (Status status = platform::createUnnamed(parent_, path_, mode, &file_); !status) return status;
    if (file_ != platform::kNoHandle) return {};
    const Status status = platform::createNew(parent_, path_, mode, &file_);
    isNamed_ = static_cast<bool>(status);
    return status;
  }

  Status finish() {
    // Last, for writing takes some bits away.
    if (Status status = mode_ < 0 ? Status{} : platform::setMode(file_, mode_); !status) return status;
    if (Status status = platform::sync(file_); !status) return status;
    if (!isNamed_) {
      if (Status status = platform::giveName(file_, parent_, path_); !status) return status;
      isNamed_ = true;
    }
    const Status status = platform::syncDirectory(parent_);
    isWhole_ = static_cast<bool>(status);
    return status;
  }

  platform::Handle handle() const { return file_; }

 private:
  const platform::Place& place_;
  const std::string& path_;
  const int mode_;  // -1: what the umask leaves
  platform::Handle parent_ = platform::kNoHandle;
  platform::Handle file_ = platform::kNoHandle;
  bool isNamed_ = false;
  bool isWhole_ = false;
};

bool isZero(const std::uint8_t* bytes, std::size_t length) {
  return length == 0 || (bytes[0] == 0 && std::memcmp(bytes, bytes + 1, length - 1) == 0);
}

/** Writes what is not zeroes: the rest is a hole of the new file. */
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

Status Mapping::writeToNewFile(HandleId handle, const platform::Place& place, std::int64_t offset,
                               std::int64_t length) {
  Pin order(order_);
  Pieces pieces(*this);
  if (Status status = pieces.take(handle, "write", offset, length); !status) return status;
  const platform::Handle source = pieces.file()->handle();
  platform::FileStat info;
  if (Status status = platform::stat(source, &info); !status) return status;
  NewFile target(place, memory_ ? -1 : static_cast<int>(info.mode & 07777));
  if (Status status = target.create(); !status) return status;
  const bool isWhole = !private_ && offset_ + offset == 0 && info.size == length;
  if (isWhole && platform::clone(source, target.handle())) return target.finish();

  /** A part of the range through memory. */
  const auto write = [&](std::int64_t from, std::int64_t to) {
    return pieces.each([&](const Piece& piece) -> Status {
      const std::int64_t at = piece.offset - offset;
      const std::int64_t first = std::max(from, at);
      const std::int64_t last = std::min(to, at + static_cast<std::int64_t>(piece.bytes));
      if (first >= last) return {};
      // Zeroes of private pages are looked for; without a guard only the system may look at what may be gone.
      const auto put = private_ && guard_ ? writeSparse : platform::write;
      return put(target.handle(), piece.at + (first - at), static_cast<std::size_t>(last - first), first);
    });
  };
  const Status status = explained("write", pieces, [&]() -> Status {
    // Private pages are in no file: those go through memory, everything else stays in the kernel, and holes stay holes.
    if (private_) {
      if (Status status = write(0, length); !status) return status;
    }
    for (std::int64_t done = private_ ? length : 0; done < length;) {
      const std::int64_t start = offset_ + offset;
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
  return status ? target.finish() : status;
}

}  // namespace fmmap
