// writeToNewFile: a durable copy of a range in a file that did not exist.
#include <algorithm>

#include "mapping.h"

namespace fmmap {

namespace {

/**
 * A file that gets its name when it is whole and on the disk, so that nobody ever finds a part of it, not even
 * after a crash. Where the system has no files without a name it has one from the start, and loses it on failure.
 */
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {}
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
    if (Status status = platform::absolutePath(&path_); !status) return status;
    if (Status status = platform::openParent(path_, &parent_); !status) return status;
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
  std::string path_;
  platform::Handle parent_ = platform::kNoHandle;
  platform::Handle file_ = platform::kNoHandle;
  bool isNamed_ = false;
  bool isWhole_ = false;
};

}  // namespace

Status Mapping::writeToNewFile(const std::string& path, std::int64_t offset, std::int64_t length) {
  Pin pin(gate_);
  if (Status status = usable("write"); !status) return status;
  NewFile file(path);
  if (Status status = file.create(); !status) return status;
  const Status status = explained("write", offset, length, [&]() -> Status {
    // Private pages are in no file: those go through memory, everything else stays in the kernel.
    std::int64_t copied = 0;
    if (!private_) {
      const Status done = platform::copyInKernel(file_, offset_ + offset, length, file.handle(), &copied);
      if (!done || copied == length) return done;
    }
    return eachPiece(offset + copied, length - copied, [&](std::uint8_t* at, std::size_t bytes, std::int64_t from) {
      return platform::write(file.handle(), at, bytes, from - offset);
    });
  });
  return status ? file.finish() : status;
}

}  // namespace fmmap
