// writeToNewFile: a durable copy of a range in a file that did not exist.
#include <algorithm>

#include "mapping.h"

namespace fmmap {

Status Mapping::writeToNewFile(const std::string& target, std::int64_t offset, std::int64_t length) {
  Pin pin(gate_);
  if (Status status = usable("write"); !status) return status;
  std::string path = target;
  if (Status status = platform::absolutePath(&path); !status) return status;
  platform::Handle parent = platform::kNoHandle;
  if (Status status = platform::openParent(path, &parent); !status) return status;
  platform::Handle file = platform::kNoHandle;
  Status status = platform::createNew(path, 0666, &file);
  if (!status) {
    platform::close(parent);
    return status;
  }
  platform::Identity identity;
  status = platform::identity(file, &identity);
  const bool known = static_cast<bool>(status);
  if (status) {
    status = explained("write", offset, length, [&]() -> Status {
      // Private pages are in no file: those go through memory, everything else stays in the kernel.
      std::int64_t copied = 0;
      if (!private_) {
        const Status done = platform::copyInKernel(file_, offset_ + offset, length, file, &copied);
        if (!done || copied == length) return done;
      }
      return eachPiece(offset + copied, length - copied, [&](std::uint8_t* at, std::size_t bytes, std::int64_t from) {
        return platform::write(file, at, bytes, from - offset);
      });
    });
  }
  if (status) status = platform::sync(file);
  if (status) status = platform::syncDirectory(parent);
  if (!status && known) platform::removeEntry(parent, path, identity);  // leave no half copy behind
  platform::close(file);
  platform::close(parent);
  return status;
}

}  // namespace fmmap
