// Our handlers of SIGBUS and SIGSEGV, which stay for as long as the process lives (others may
// have saved them as theirs to call), and the way to whoever had the signal before.
#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "guard.h"
#include "os.h"

namespace fmmap::platform {

namespace {

/** An action that we took the place of, and what that one had taken the place of. */
struct Previous {
  struct sigaction action;
  const Previous* older;
  Previous* next;  // of all that there ever were: handlers may be reading any of them
};

struct Watched {
  int signal;
  std::atomic<const Previous*> previous{nullptr};
  Previous* all = nullptr;
};

Watched watched[] = {{SIGBUS}, {SIGSEGV}};

/** Signals that are being forwarded, by their contexts: whom we call may call us as its previous. */
std::atomic<const void*> forwarding[64];

bool isFunction(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

bool isSame(const struct sigaction& one, const struct sigaction& other) {
  return one.sa_sigaction == other.sa_sigaction && one.sa_flags == other.sa_flags &&
         std::memcmp(&one.sa_mask, &other.sa_mask, sizeof one.sa_mask) == 0;
}

// --- in the handler ---

void setDefault(int signal) {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

/** Calls a handler as the system would have. */
void call(const struct sigaction& action, int signal, siginfo_t* info, void* context) {
  sigset_t before;
  sigset_t mask = action.sa_mask;
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  if ((action.sa_flags & SA_NODEFER) != 0) {
    sigemptyset(&mask);
    sigaddset(&mask, signal);
    pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
  }
  if ((action.sa_flags & SA_RESETHAND) != 0) setDefault(signal);
  if ((action.sa_flags & SA_SIGINFO) != 0) action.sa_sigaction(signal, info, context);
  else action.sa_handler(signal);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void forward(const Watched& watch, siginfo_t* info, void* context) {
  const Previous* previous = watch.previous;
  std::atomic<const void*>* mark = nullptr;
  for (auto& entry : forwarding) {
    if (entry == context && previous) previous = previous->older;
    const void* none = nullptr;
    if (!mark && entry.compare_exchange_strong(none, context)) mark = &entry;
  }
  if (previous && isFunction(previous->action)) {
    call(previous->action, watch.signal, info, context);
    if (mark) *mark = nullptr;
    return;
  }
  if (mark) *mark = nullptr;
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
const Previous* remember(Watched& watch, const struct sigaction& found) {
  const Previous* top = watch.previous;
  for (const Previous* previous = top; previous; previous = previous->older) {
    if (isSame(previous->action, found)) return previous;
  }
  for (const Previous* previous = watch.all; previous; previous = previous->next) {
    if (previous->older == top && isSame(previous->action, found)) return previous;
  }
  watch.all = new Previous{found, top, watch.all};
  return watch.all;
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
