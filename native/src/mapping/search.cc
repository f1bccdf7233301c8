// Searching: see search.h.
#include "mapping/search.h"

#include <cstring>

#include "platform/memory.h"

namespace fmmap {

namespace {

const std::uint8_t* find(Bytes haystack, Bytes needle) {
  if (needle.length > haystack.length) return nullptr;
  if (needle.length > 1) return platform::find(haystack.data, haystack.length, needle.data, needle.length);
  return static_cast<const std::uint8_t*>(std::memchr(haystack.data, *needle.data, haystack.length));
}

}  // namespace

std::int64_t findFirst(Bytes haystack, Bytes needle) {
  const std::uint8_t* found = find(haystack, needle);
  return found ? found - haystack.data : -1;
}

template <typename Number>
std::size_t findAll(Bytes haystack, Bytes needle, std::int64_t base, Number* target, std::size_t room) {
  const std::uint8_t* const end = haystack.data + haystack.length;
  std::size_t count = 0;
  for (const std::uint8_t* at = haystack.data; count < room; at += needle.length) {
    at = find({at, static_cast<std::size_t>(end - at)}, needle);
    if (!at) break;
    target[count++] = static_cast<Number>(base + (at - haystack.data));
  }
  return count;
}

template std::size_t findAll(Bytes, Bytes, std::int64_t, std::uint64_t*, std::size_t);
template std::size_t findAll(Bytes, Bytes, std::int64_t, double*, std::size_t);

}  // namespace fmmap
