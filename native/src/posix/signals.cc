// Our handlers of SIGBUS and SIGSEGV, which stay for as long as the process lives (others may
// have saved them as theirs to call), and the way to whoever had the signal before.
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>

#include "guard.h"
#include "os.h"

namespace fmmap::platform {

namespace {

/** An action that we took the place of, and what that one had taken the place of. */
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

/** A signal that is being forwarded: whom we call may call us as its previous. */
struct Forwarded {
  std::atomic<const void*> context{nullptr};
  std::atomic<std::uintptr_t> frame{0};  // of the function that forwards
};
Forwarded forwarded[64];
constexpr int kMaxDepth = 16;

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

/**
 * Marks that a signal is being forwarded, and counts in `depth` how often it is already. A handler
 * that was left by siglongjmp leaves its mark behind: it is not of a caller of ours if it was made
 * no further up the stack than we are.
 */
Forwarded* mark(const void* context, int* depth) {
  const auto frame = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  Forwarded* own = nullptr;
  for (Forwarded& entry : forwarded) {
    const void* marked = entry.context;
    if (marked == context && entry.frame > frame) {
      ++*depth;
      continue;
    }
    const auto at = reinterpret_cast<std::uintptr_t>(marked);
    const bool isLeft = marked && at < frame && frame - at < (1 << 20);
    if (own || (marked && marked != context && !isLeft)) continue;
    if (entry.context.compare_exchange_strong(marked, context)) own = &entry;
  }
  if (own) own->frame = frame;
  return own;
}

void forward(const Watched& watch, siginfo_t* info, void* context) {
  int depth = 0;
  Forwarded* own = mark(context, &depth);
  Previous* previous = watch.previous;
  // The oldest was there before us. If it calls us, it is another copy of this library, which goes
  // on to an older one itself the next time.
  for (int step = 0; previous && step < depth && previous->older; ++step) previous = previous->older;
  if (depth > kMaxDepth) previous = nullptr;
  if (own && previous && isFunction(previous->action) && !previous->isSpent) {
    call(previous, watch.signal, info, context);
    own->context = nullptr;
    return;
  }
  if (own) own->context = nullptr;
  // A fault repeats itself once we return; a signal that was sent does not, and may be ignored.
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

/** What to call from now on, for an action that is found in our place. */
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
