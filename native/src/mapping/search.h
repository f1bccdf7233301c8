// Searches memory, mapped or not. At a lost page the guard puts zeroes there.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fmmap {

struct Bytes {
  const std::uint8_t* data;
  std::size_t length;
};

/** Where the first occurrence starts, or -1. `needle` is not empty. */
std::int64_t findFirst(Bytes haystack, Bytes needle);

/**
 * Puts where the occurrences start, counted from `base`, into `target`, in order and until it is full. None overlaps the one
 * before. @returns How many.
 */
template <typename Number>
std::size_t findAll(Bytes haystack, Bytes needle, std::int64_t base, Number* target, std::size_t room);

}  // namespace fmmap
