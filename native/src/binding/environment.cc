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

void Environment::watch(HandleId handle, napi_env env, napi_value owner) {
  if (owners_.size() >= mostOwners_) forgetEnded(env);
  napi_ref& reference = owners_[handle];
  if (reference != nullptr) napi_delete_reference(env, reference);
  if (napi_create_reference(env, owner, 0, &reference) != napi_ok) owners_.erase(handle);
}

void Environment::forgetEnded(napi_env env) {
  for (auto at = owners_.begin(); at != owners_.end();) {
    if (!registry::isGone(at->first)) {
      ++at;
    } else {
      napi_delete_reference(env, at->second);
      at = owners_.erase(at);
    }
  }
  mostOwners_ = std::max(kFewOwners, 2 * owners_.size());
}

std::size_t Environment::takeDropped(napi_env env, double* handles, std::size_t room) {
  forgetEnded(env);
  std::size_t count = 0;
  for (auto at = owners_.begin(); at != owners_.end() && count < room;) {
    napi_value owner = nullptr;
    const bool isDropped = napi_get_reference_value(env, at->second, &owner) == napi_ok && owner == nullptr;
    if (isDropped) {
      napi_delete_reference(env, at->second);
      handles[count++] = static_cast<double>(at->first);
      at = owners_.erase(at);
    } else {
      ++at;
    }
  }
  return count;
}

Status Environment::hold(platform::Handle file, platform::Handle* copy) {
  const Status status = platform::duplicate(file, copy);
  if (status) held_[*copy] = std::make_shared<const OpenFile>(*copy);
  return status;
}

void Environment::unwatch(HandleId handle, napi_env env) {
  const auto owner = owners_.find(handle);
  if (owner == owners_.end()) return;
  napi_delete_reference(env, owner->second);
  owners_.erase(owner);
}

}  // namespace fmmap
