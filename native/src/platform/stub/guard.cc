// The fault guard on a system that has none of it: see platform/guard.h. Proves that the contract is complete (scripts/check-stub.mjs).
#include "platform/guard.h"

#include <cerrno>

namespace fmmap::platform {

Why whyLost(Handle, std::int64_t, bool) { return {Reason::io, ENOSYS}; }

GuardedRange* guard(const Guarded&) { return nullptr; }

void setAccess(GuardedRange*, Access) {}

void suspend(GuardedRange*) {}

void unguard(GuardedRange*) {}

bool disableGuard() { return true; }

void rearmGuard() {}

Status watchFaults(void (*)()) { return Status::system(ENOSYS, "pipe"); }

void reportFault() {}

}  // namespace fmmap::platform
