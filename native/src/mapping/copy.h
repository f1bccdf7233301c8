// writeToNewFile: a durable copy of a range in a new file, which may replace another one.
#pragma once

#include <cstdint>
#include <memory>

#include "mapping/mapping.h"

namespace fmmap {

/** What the new file may replace. */
struct Replacing {
  bool isAllowed = false;
  std::shared_ptr<Mapping> only{};  // nothing but the file of this mapping
};

Status writeToNewFile(Mapping& mapping, HandleId handle, const platform::Place& place, std::int64_t offset,
                      std::int64_t length, const Replacing& replacing);

}  // namespace fmmap
