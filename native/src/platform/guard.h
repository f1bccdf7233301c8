// The contract with the system, 4 of 5: the fault guard.
//
// A load or a store in a guarded window may find no page, or have no permission. The guard then sets the fault, raises the
// flags of all windows that share it, puts a page there and lets the program continue.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "platform/fault.h"
#include "platform/memory.h"

namespace fmmap::platform {

/** A window whose pages may vanish, and what is to be told then. */
struct Guarded {
  std::uint8_t* data;
  std::size_t capacity;
  std::atomic<std::uint8_t>* flag;  // of the window; stays until unguard()
  Handle file;
  std::int64_t offset;   // of data in the file
  Access access;
  bool isPrivate;
  Fault* fault;          // one for all windows of a mapping
};

/** A window under guard. */
struct GuardedRange;

/** Why the page at `offset` of a file is lost; none if it can be had by now. */
Why whyLost(Handle file, std::int64_t offset, bool store);

/** Null if the guard was disabled. Called with the file mapped. */
GuardedRange* guard(const Guarded& window);
void setAccess(GuardedRange* range, Access access);
/** From here until unguard() the pages are the caller's: threads that fault there wait. */
void suspend(GuardedRange* range);
void unguard(GuardedRange* range);

/** For programs that handle faults themselves. False if a window is, or was, guarded. */
bool disableGuard();
/** Makes sure that faults come to this library first, whatever has taken the handlers over since. */
void rearmGuard();

/** Calls `report`, on a thread of its own, whenever there was a fault. Once in a process. */
Status watchFaults(void (*report)());
void reportFault();

}  // namespace fmmap::platform
