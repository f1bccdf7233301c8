// writeToNewFile: a durable copy of a range in a file that did not exist.
#include <algorithm>

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
  explicit NewFile(const platform::Place& place) : place_(place), path_(place.path) {}
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
    if (Status status = platform::createUnnamed(parent_, path_, 0666, &file_); !status) return status;
    if (file_ != platform::kNoHandle) return {};
    const Status status = platform::createNew(parent_, path_, 0666, &file_);
    isNamed_ = static_cast<bool>(status);
    return status;
  }

  Status finish() {
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
  platform::Handle parent_ = platform::kNoHandle;
  platform::Handle file_ = platform::kNoHandle;
  bool isNamed_ = false;
  bool isWhole_ = false;
};

}  // namespace

Status Mapping::writeToNewFile(HandleId handle, const platform::Place& place, std::int64_t offset,
                               std::int64_t length) {
  Pin order(order_);
  Pieces pieces(*this);
  if (Status status = pieces.take(handle, "write", offset, length); !status) return status;
  NewFile target(place);
  if (Status status = target.create(); !status) return status;
  const Status status = explained("write", pieces, [&]() -> Status {
    // Private pages are in no file: those go through memory, everything else stays in the kernel.
    std::int64_t copied = 0;
    if (!private_) {
      const Status done =
          platform::copyInKernel(pieces.file()->handle(), offset_ + offset, length, target.handle(), &copied);
      if (!done || copied == length) return done;
    }
    return pieces.each([&](const Piece& piece) -> Status {
      const std::int64_t at = piece.offset - offset;
      const std::int64_t done = std::max<std::int64_t>(copied - at, 0);
      if (done >= static_cast<std::int64_t>(piece.bytes)) return {};
      return platform::write(target.handle(), piece.at + done, piece.bytes - static_cast<std::size_t>(done), at + done);
    });
  });
  return status ? target.finish() : status;
}

}  // namespace fmmap
