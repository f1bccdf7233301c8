// A handle: the number by which JavaScript knows a mapping.
#pragma once

#include <cstdint>
#include <memory>

namespace fmmap {

/** Never used twice in a process. */
using HandleId = std::uint64_t;

/** Keeps something for as long as it has users, on whatever thread the last of them ends. */
using Keeper = std::shared_ptr<void>;

}  // namespace fmmap
