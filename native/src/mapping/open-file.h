// An open file, which its last user closes.
//
// Whatever works with it holds a reference, so closing a mapping waits for nothing: work in flight ends on the file that it
// started with.
#pragma once

#include <memory>

#include "platform/file.h"

namespace fmmap {

class OpenFile {
 public:
  explicit OpenFile(platform::Handle handle) : handle_(handle) {}
  ~OpenFile() { platform::close(handle_); }
  OpenFile(const OpenFile&) = delete;

  platform::Handle handle() const { return handle_; }

 private:
  const platform::Handle handle_;
};

using OpenFilePtr = std::shared_ptr<const OpenFile>;

}  // namespace fmmap
