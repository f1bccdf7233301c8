// One JavaScript environment: see environment.h.
#include "binding/environment.h"

#include <algorithm>

namespace fmmap {

Keeper Environment::viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end) {
  if (handle == lastHandle_ && data == lastData_ && end <= lastEnd_) {
    if (Keeper views = lastViews_.lock()) return views;
  }
  Keeper views = registry::viewsOf(handle, data, end);
  lastEnd_ = handle == lastHandle_ && data == lastData_ ? std::max(lastEnd_, end) : end;
  lastHandle_ = handle;
  lastData_ = data;
  lastViews_ = views;
  return views;
}

std::uint64_t Environment::watch(napi_env env, napi_value object) {
  const std::uint64_t number = ++lastWatched_;
  napi_ref reference = nullptr;
  if (napi_create_reference(env, object, 0, &reference) == napi_ok) watched_[number] = reference;
  return number;
}

void Environment::unwatch(std::uint64_t number, napi_env env) {
  const auto found = watched_.find(number);
  if (found == watched_.end()) return;
  napi_delete_reference(env, found->second);
  watched_.erase(found);
}

std::size_t Environment::takeDropped(napi_env env, double* numbers, std::size_t room) {
  std::size_t count = 0;
  for (auto at = watched_.begin(); at != watched_.end() && count < room;) {
    napi_value object = nullptr;
    const bool isDropped = napi_get_reference_value(env, at->second, &object) == napi_ok && object == nullptr;
    if (isDropped) {
      napi_delete_reference(env, at->second);
      numbers[count++] = static_cast<double>(at->first);
      at = watched_.erase(at);
    } else {
      ++at;
    }
  }
  return count;
}

std::uint64_t Environment::start(napi_async_work work) {
  underway_[++lastWork_] = work;
  return lastWork_;
}

void Environment::cancel(std::uint64_t number, napi_env env) {
  const auto found = underway_.find(number);
  if (found != underway_.end()) napi_cancel_async_work(env, found->second);
}

Status Environment::hold(platform::Handle file, platform::Handle* copy) {
  const Status status = platform::duplicate(file, copy);
  if (status) held_[*copy] = std::make_shared<const OpenFile>(*copy);
  return status;
}

}  // namespace fmmap
