// How a call ended. There are no C++ exceptions: a Status travels up to the binding, which makes a JavaScript error of it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "platform/fault.h"

namespace fmmap {

// packages/core/src/errors.ts has the same numbers.
enum class Kind { ok = 0, system, locked, closed, poisoned, range, identity, unsupported, faulted };

struct Status {
  Kind kind = Kind::ok;
  int error = 0;             // errno, positive; of a fault: its Why, as a code
  const char* syscall = "";  // what was called, in Node's spelling
  std::string detail;        // for people: what was asked, what was found, and what to do
  const char* argument = ""; // of a range error: which one; of an identity error: a word for what was found
  std::int64_t offset = 0;   // of a fault: where in the mapping

  explicit operator bool() const { return kind == Kind::ok; }

  static Status system(int error, const char* syscall, std::string detail = {}) {
    return {Kind::system, error, syscall, std::move(detail), "", 0};
  }
  static Status make(Kind kind, const char* syscall, std::string detail, const char* argument = "") {
    return {kind, 0, syscall, std::move(detail), argument, 0};
  }
  static Status fault(Why why, const char* syscall, std::int64_t offset) {
    return {Kind::faulted, why.code(), syscall, {}, "", offset};
  }
};

}  // namespace fmmap
