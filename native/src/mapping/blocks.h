// The disk blocks of a file that is made longer.
#pragma once

#include <cstdint>

#include "platform/file.h"

namespace fmmap {

/** When they are found for bytes that nobody has stored yet. */
enum class Blocks {
  late,      // with what is stored there
  reserved,  // at once
  zeroed,    // at once, and zeroes are written to them, so that what is stored there later changes nothing but these bytes
};

/** Makes a file longer by bytes that are zero, of which the blocks are there. If that fails, it may have become longer. */
Status addBlocks(Blocks blocks, platform::Handle file, std::int64_t from, std::int64_t to);

}  // namespace fmmap
