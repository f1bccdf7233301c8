// The disk blocks of a file that is made longer: see blocks.h.
#include "mapping/blocks.h"

#include <algorithm>

namespace fmmap {

Status addBlocks(Blocks blocks, platform::Handle file, std::int64_t from, std::int64_t to) {
  if (blocks == Blocks::late || from >= to) return {};
  if (blocks == Blocks::reserved) return platform::allocate(file, from, to - from);
  // First, since writing would fill the disk before it fails.
  if (Status status = platform::reserve(file, from, to - from); !status) return status;
  static const std::uint8_t zeroes[1 << 18] = {};
  for (std::int64_t at = from; at < to; at += sizeof zeroes) {
    const auto length = std::min<std::int64_t>(sizeof zeroes, to - at);
    if (Status status = platform::write(file, zeroes, static_cast<std::size_t>(length), at); !status) return status;
  }
  return {};
}

}  // namespace fmmap
