// Between the signals and the guard.
#pragma once

#include <signal.h>

namespace fmmap::platform {

/** Whether a fault is dealt with, so that the instruction may try again. For a signal handler. */
bool handleFault(int signal, const siginfo_t* info, const void* context);
/** Puts our handlers in their place, also a second time. */
void takeSignals();

}  // namespace fmmap::platform
