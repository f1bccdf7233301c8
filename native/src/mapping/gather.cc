// Gathering: see gather.h.
#include "mapping/gather.h"

#include <algorithm>
#include <cstring>

namespace fmmap {

namespace {

/** An offset as an integer, or -1 if it is none, or is past `last`. */
template <typename Integer>
std::int64_t wholeOf(Integer offset, std::int64_t last) {
  return offset <= static_cast<std::uint64_t>(last) ? static_cast<std::int64_t>(offset) : -1;
}

std::int64_t wholeOf(double offset, std::int64_t last) {
  if (!(offset >= 0 && offset <= static_cast<double>(last))) return -1;
  const auto whole = static_cast<std::int64_t>(offset);
  return static_cast<double>(whole) == offset ? whole : -1;
}

/**
 * Calls `copy` with each index and offset. Offsets are converted many at a time: of a loop that only copies, the processor has
 * several iterations under way at once, and it is told what comes after those.
 *
 * @param bytes - What the offsets count from, if that is in one piece.
 * @returns The index of an offset that is wrong, which ends it, or -1.
 */
template <typename Offset, typename Copy>
std::int64_t each(const volatile Offset* offsets, std::size_t count, std::int64_t last, const std::uint8_t* bytes,
                  const Copy& copy) {
  constexpr std::size_t kMany = 1024;
  constexpr std::size_t kAhead = 16;
  std::int64_t places[kMany];
  for (std::size_t start = 0; start < count; start += kMany) {
    const std::size_t many = std::min(kMany, count - start);
    for (std::size_t index = 0; index < many; ++index) {
      places[index] = wholeOf(offsets[start + index], last);
      if (places[index] < 0) return static_cast<std::int64_t>(start + index);
    }
    for (std::size_t index = 0; index < many; ++index) {
      if (bytes && index + kAhead < many) __builtin_prefetch(bytes + places[index + kAhead]);
      copy(start + index, static_cast<std::size_t>(places[index]));
    }
  }
  return -1;
}

template <std::size_t size, typename Offset>
std::int64_t copyAll(const Shown& from, const volatile Offset* offsets, std::size_t count, std::int64_t last,
                     std::uint8_t* target) {
  const std::uint8_t* const bytes = from.windows[0].data + from.delta;
  if (from.windows.size() == 1) {
    return each(offsets, count, last, bytes,
                [=](std::size_t index, std::size_t offset) { std::memcpy(target + index * size, bytes + offset, size); });
  }
  const std::size_t step = from.windows[0].length;
  return each(offsets, count, last, nullptr, [&](std::size_t index, std::size_t offset) {
    const std::size_t at = static_cast<std::size_t>(from.delta) + offset;
    for (std::size_t byte = 0; byte < size; ++byte) {
      target[index * size + byte] = from.windows[(at + byte) / step].data[(at + byte) % step];
    }
  });
}

}  // namespace

template <typename Offset>
std::int64_t gather(const Shown& from, const volatile Offset* offsets, std::size_t count, std::uint8_t* target, std::size_t size) {
  const std::int64_t last = from.length - static_cast<std::int64_t>(size);
  if (from.windows.empty() || last < 0) return count == 0 ? -1 : 0;
  const std::int64_t wrong = each(offsets, count, last, nullptr, [](std::size_t, std::size_t) {});
  if (wrong >= 0) return wrong;
  switch (size) {
    case 1:
      return copyAll<1>(from, offsets, count, last, target);
    case 2:
      return copyAll<2>(from, offsets, count, last, target);
    case 4:
      return copyAll<4>(from, offsets, count, last, target);
    default:
      return copyAll<8>(from, offsets, count, last, target);
  }
}

template std::int64_t gather(const Shown&, const volatile std::uint32_t*, std::size_t, std::uint8_t*, std::size_t);
template std::int64_t gather(const Shown&, const volatile std::uint64_t*, std::size_t, std::uint8_t*, std::size_t);
template std::int64_t gather(const Shown&, const volatile double*, std::size_t, std::uint8_t*, std::size_t);

}  // namespace fmmap
