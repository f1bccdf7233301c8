// The handlers of SIGBUS and SIGSEGV, and how they call the handlers that were there before.
//
// Ours stay for as long as the process lives, because others may have saved them as the ones to call next.
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include "platform/posix/internal.h"
#include "platform/posix/signals.h"

namespace fmmap::platform {

namespace {

/** An action that ours replaced, and the one that it had replaced. */
struct Previous {
  struct sigaction action;
  Previous* older;
  Previous* next;                   // of all that there ever were: handlers may be reading any of them
  std::atomic<bool> isSpent{false};  // it was for one time (SA_RESETHAND)
};

struct Watched {
  int signal;
  std::atomic<Previous*> previous{nullptr};
  Previous* all = nullptr;
};

Watched watched[] = {{SIGBUS}, {SIGSEGV}};

/** A signal that a thread is forwarding: the handler that we call may call ours as its previous one. */
struct Forwarded {
  std::atomic<std::uint64_t> thread{0};  // 0: free; the rest is for this thread alone
  const void* context;
  std::uintptr_t frame;  // of our first call for this signal
  int depth;             // calls of ours since
};
Forwarded forwarded[64];

/** Faults that a thread can be handling at once. */
constexpr int kMaxFaults = 4;
/** Copies of this library that may lead to each other before one of them gives up. */
constexpr int kMaxCopies = 8;

bool isFunction(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

bool isSame(const struct sigaction& one, const struct sigaction& other) {
  if (one.sa_sigaction != other.sa_sigaction || one.sa_flags != other.sa_flags) return false;
  for (int signal = 1; signal <= 64; ++signal) {
    if (sigismember(&one.sa_mask, signal) != sigismember(&other.sa_mask, signal)) return false;
  }
  return true;
}

// --- in the handler ---

void setDefault(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

/** Calls a handler as the system would have. */
void call(Previous* previous, int signal, siginfo_t* info, void* context) {
  const struct sigaction& action = previous->action;
  sigset_t before;
  sigset_t mask = action.sa_mask;
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  if ((action.sa_flags & SA_NODEFER) != 0) {
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
  }
  if ((action.sa_flags & SA_RESETHAND) != 0) previous->isSpent = true;
  if ((action.sa_flags & SA_SIGINFO) != 0) action.sa_sigaction(signal, info, context);
  else action.sa_handler(signal);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/** A free entry, or one of a thread that has ended; null if all are taken. */
Forwarded* takeEntry(std::uint64_t self) {
  for (Forwarded& entry : forwarded) {
    std::uint64_t owner = entry.thread;
    if ((owner == 0 || !isAlive(owner)) && entry.thread.compare_exchange_strong(owner, self)) return &entry;
  }
  return nullptr;
}

/**
 * Where this thread counts its calls for a signal. A handler that jumps away (siglongjmp) does not free its entry: a call
 * no deeper in the stack, or one fault too many, reuses it.
 */
Forwarded* enter(const void* context) {
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const std::uint64_t self = currentThread();
  Forwarded* outermost = nullptr;
  int count = 0;
  for (Forwarded& entry : forwarded) {
    if (entry.thread != self) continue;
    if (entry.frame <= frame) {
      entry.thread = 0;
    } else if (entry.context == context) {
      ++entry.depth;
      return &entry;
    } else {
      ++count;
      if (!outermost || entry.frame > outermost->frame) outermost = &entry;
    }
  }
  Forwarded* own = count < kMaxFaults ? takeEntry(self) : outermost;
  if (!own) return nullptr;
  own->context = context;
  own->frame = frame;
  own->depth = 0;
  return own;
}

void leave(Forwarded* entry, const void* context) {
  if (entry && entry->context == context && entry->depth-- == 0) entry->thread = 0;
}

void forward(const Watched& watch, siginfo_t* info, void* context) {
  Forwarded* entry = enter(context);
  Previous* previous = watch.previous;
  int left = entry ? entry->depth : 0;
  while (left > 0 && previous && previous->older) {
    previous = previous->older;
    --left;
  }
  // The oldest was there before ours. It calls ours only if it is that of another copy of this library, which continues with
  // an older one of its own the next time.
  if (entry && left < kMaxCopies && previous && isFunction(previous->action) && !previous->isSpent) {
    call(previous, watch.signal, info, context);
    leave(entry, context);
    return;
  }
  leave(entry, context);
  // A fault repeats itself after the return; a signal that was sent does not, and may be ignored.
  const bool wasSent = isSent(info->si_code);
  if (wasSent && previous && previous->action.sa_handler == SIG_IGN) return;
  setDefault(watch.signal);
  if (wasSent) resend(watch.signal, info);
}

void onSignal(int signal, siginfo_t* info, void* context) {
  const int error = errno;
  if (isSent(info->si_code) || !handleFault(signal, info, context)) {
    forward(watched[signal == SIGBUS ? 0 : 1], info, context);
  }
  errno = error;
}

bool isOurs(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == onSignal;
}

// --- outside of it ---

/** What to call from now on, for an action that is found in place of ours. */
Previous* remember(Watched& watch, const struct sigaction& found) {
  Previous* top = watch.previous;
  Previous* previous = top;
  while (previous && !isSame(previous->action, found)) previous = previous->older;
  if (!previous) {
    previous = watch.all;
    while (previous && !(previous->older == top && isSame(previous->action, found))) previous = previous->next;
  }
  if (!previous) previous = watch.all = new Previous{found, top, watch.all};
  previous->isSpent = false;
  return previous;
}

}  // namespace

void takeSignals() {
  static auto* const mutex = new std::mutex();
  std::lock_guard<std::mutex> guard(*mutex);
  for (Watched& watch : watched) {
    struct sigaction found;
    if (sigaction(watch.signal, nullptr, &found) != 0 || isOurs(found)) continue;
    watch.previous = remember(watch, found);
    struct sigaction ours = {};
    ours.sa_sigaction = onSignal;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(watch.signal, &ours, nullptr);
  }
}

}  // namespace fmmap::platform
