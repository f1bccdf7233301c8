// Listeners for faults: see fault-listeners.h.
#include "binding/fault-listeners.h"

#include <algorithm>
#include <mutex>
#include <vector>

#include "platform/guard.h"

namespace fmmap::fault_listeners {

namespace {

std::mutex& mutex() {
  static auto* const one = new std::mutex();  // environments may end after static destructors
  return *one;
}

std::vector<napi_threadsafe_function>& listeners() {
  static auto* const all = new std::vector<napi_threadsafe_function>();
  return *all;
}

void reportToAll() {
  std::lock_guard<std::mutex> guard(mutex());
  for (const napi_threadsafe_function report : listeners()) {
    napi_call_threadsafe_function(report, nullptr, napi_tsfn_nonblocking);  // if the queue is full, one is on its way
  }
}

void end(void* report) {
  std::lock_guard<std::mutex> guard(mutex());
  auto& all = listeners();
  all.erase(std::find(all.begin(), all.end(), static_cast<napi_threadsafe_function>(report)));
}

}  // namespace

Status listen(napi_env env, napi_value report) {
  if (Status status = platform::watchFaults(reportToAll); !status) return status;
  napi_value name = nullptr;
  napi_threadsafe_function function = nullptr;
  // One call in the queue is enough for all faults until then.
  if (napi_create_string_utf8(env, "fmmap", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_threadsafe_function(env, report, nullptr, name, 1, 1, nullptr, nullptr, nullptr, nullptr,
                                      &function) != napi_ok) {
    return Status::make(Kind::closed, "", "");  // the environment is stopping
  }
  napi_unref_threadsafe_function(env, function);  // a listener alone does not keep the process alive
  std::lock_guard<std::mutex> guard(mutex());
  listeners().push_back(function);
  // Made after the function, so it runs before Node frees that.
  napi_add_env_cleanup_hook(env, end, function);
  return {};
}

}  // namespace fmmap::fault_listeners
