// Explains why a system call failed that met a lost page: such a call fails where a program would get a signal.
#pragma once

#include <cerrno>

#include "mapping/pinned-range.h"

namespace fmmap {

/**
 * Turns EFAULT and EIO into the fault that caused them. `isStore`: the pages are wanted for stores that are to come.
 */
Status explain(Mapping& mapping, Status status, const char* syscall, const PinnedRange& range, bool isStore);

/** Attempts something that may meet a lost page. If the file has grown again by the time of the look, it is tried again. */
template <typename Attempt>
Status explained(Mapping& mapping, const char* syscall, const PinnedRange& range, Attempt attempt, bool isStore = false) {
  Status status;
  for (int count = 0; count < 100; ++count) {
    status = explain(mapping, attempt(), syscall, range, isStore);
    if (status.kind != Kind::system || status.error != EFAULT) break;
  }
  return status;
}

}  // namespace fmmap
