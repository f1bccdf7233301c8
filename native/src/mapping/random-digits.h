// Names and secrets that are not to be guessed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "platform/memory.h"

namespace fmmap {

/** Appends `bytes` random bytes, as two hexadecimal digits each. */
template <std::size_t bytes>
Status addRandomDigits(std::string* text) {
  std::uint8_t random[bytes];
  if (Status status = platform::fillRandom(random, bytes); !status) return status;
  for (const std::uint8_t byte : random) {
    for (const int digit : {byte >> 4, byte & 15}) *text += "0123456789abcdef"[digit];
  }
  return {};
}

}  // namespace fmmap
