// What the signal handlers (signals.cc) and the guard (guard.cc) want of each other. Not part of the contract.
#pragma once

#include <signal.h>

namespace fmmap::platform {

/** Whether a fault is repaired, so that the instruction can be retried. For a signal handler. */
bool handleFault(int signal, const siginfo_t* info, const void* context);
/** Installs our handlers, or installs them again. */
void takeSignals();

}  // namespace fmmap::platform
