// How an operation ended. No C++ exceptions: a Status travels up to the addon, which makes the
// JavaScript error of it.
#pragma once

#include <string>
#include <utility>

namespace fmmap {

// The numbers are known to packages/core/src/errors.ts.
enum class Kind { ok = 0, system, locked, closed, poisoned, range, identity, unsupported };

struct Status {
  Kind kind = Kind::ok;
  int error = 0;             // errno; positive
  const char* syscall = "";  // what was called, in Node's spelling
  std::string detail;        // for a person: what was asked, found, and what to do
  const char* argument = ""; // of a range error: which one

  explicit operator bool() const { return kind == Kind::ok; }

  static Status system(int error, const char* syscall) {
    return {Kind::system, error, syscall, {}, ""};
  }
  static Status make(Kind kind, const char* syscall, std::string detail, const char* argument = "") {
    return {kind, 0, syscall, std::move(detail), argument};
  }
};

}  // namespace fmmap
