// A part of a range in one window, and the whole pages that system calls want.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "mapping/window.h"
#include "platform/memory.h"

namespace fmmap {

struct Piece {
  std::shared_ptr<Window> window;
  std::uint8_t* at;
  std::size_t bytes;
  std::int64_t offset;  // of `at` in the mapping
};

/** A piece grown to the pages that it touches. */
struct Pages {
  std::uint8_t* at;
  std::size_t length;

  explicit Pages(const Piece& piece) : Pages(piece.at, piece.bytes) {}
  Pages(std::uint8_t* from, std::size_t bytes) {
    const std::size_t page = platform::pageSize();
    const std::size_t before = reinterpret_cast<std::uintptr_t>(from) % page;
    at = from - before;
    length = (bytes + before + page - 1) / page * page;
  }

  /** The pages that belong to a piece as a whole. */
  static Pages within(const Piece& piece) {
    const std::size_t page = platform::pageSize();
    const std::size_t skipped = Pages(piece).at == piece.at ? 0 : page - reinterpret_cast<std::uintptr_t>(piece.at) % page;
    const std::size_t rest = piece.bytes - std::min(skipped, piece.bytes);
    return {piece.at + skipped, rest / page * page};
  }
};

}  // namespace fmmap
