// Copies elements from many places of a mapping. At a lost page the guard puts zeroes there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mapping/search.h"

namespace fmmap {

/** What a mapping shows: windows of one size, except for the last, which together start `delta` bytes before the file's bytes. */
struct Shown {
  std::vector<Bytes> windows;
  std::int64_t delta;
  std::int64_t length;

  /** Adds the next window; false if its size is none that it may have. */
  bool add(const Bytes& window) {
    const bool isFirst = windows.empty();
    if (!isFirst && (windows.back().length < windows[0].length || window.length > windows[0].length)) return false;
    windows.push_back(window);
    return isFirst || windows[0].length > 0;
  }
};

/**
 * Copies the element of `size` bytes (1, 2, 4 or 8) at each offset to `target`, in order. Copies nothing if an offset is not an
 * integer, or the element does not lie in the mapping. Another thread may change offsets meanwhile; copying ends at one that
 * became wrong.
 *
 * @returns The index of the wrong offset, or -1.
 */
template <typename Offset>
std::int64_t gather(const Shown& from, const volatile Offset* offsets, std::size_t count, std::uint8_t* target, std::size_t size);

}  // namespace fmmap
