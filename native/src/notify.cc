#include "notify.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "platform.h"

namespace fmmap::notify {

namespace {

struct Listener {
  Napi::ThreadSafeFunction report;
};

std::mutex& mutex() {
  static auto* const one = new std::mutex();  // environments may end after static destructors
  return *one;
}

std::vector<Listener*>& listeners() {
  static auto* const all = new std::vector<Listener*>();
  return *all;
}

void reportToAll() {
  std::lock_guard<std::mutex> guard(mutex());
  for (Listener* listener : listeners()) listener->report.NonBlockingCall();
}

void end(Listener* listener) {
  std::lock_guard<std::mutex> guard(mutex());
  listeners().erase(std::find(listeners().begin(), listeners().end(), listener));
  delete listener;
}

}  // namespace

Status listen(Napi::Env env, Napi::Function report) {
  if (Status status = platform::watchFaults(reportToAll); !status) return status;
  auto* listener = new Listener{Napi::ThreadSafeFunction::New(env, report, "fmmap", 0, 1)};
  listener->report.Unref(env);  // who waits for a fault may wait for good
  // Made after the function, so it runs before Node frees that.
  env.AddCleanupHook(end, listener);
  std::lock_guard<std::mutex> guard(mutex());
  listeners().push_back(listener);
  return {};
}

}  // namespace fmmap::notify
