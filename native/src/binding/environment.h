// What belongs to one JavaScript environment: the main thread, or a worker.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "mapping/open-file.h"
#include "mapping/registry.h"

namespace fmmap {

/** How many numbers an operation can return besides its value. */
inline constexpr std::size_t kResults = 6;

class Environment {
 public:
  /** Calls on its thread leave their results here, without an object for each call. */
  Napi::Reference<Napi::Float64Array> result;
  /** Where they lie: asking V8 each time costs more than a small call. */
  double* results = nullptr;

  /** The mapping of a handle, or null: for the environment's own thread, until the next call of this. */
  Mapping* find(HandleId handle) { return lookup_.find(handle); }
  /** As registry::viewsOf(), which is called only if the views are not of the same window as the last ones. */
  Keeper viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end);

  /** Records the owner of a handle, without keeping it from being collected; until unwatch(), or the end of the handle. */
  void watch(HandleId handle, napi_env env, napi_value owner);
  void unwatch(HandleId handle, napi_env env);
  /** Handles whose owners have been collected, which is known here at once, and in JavaScript only after a turn. */
  std::size_t takeDropped(napi_env env, double* handles, std::size_t room);

  /** Another descriptor of an open file, until letGo() or the end of the environment. */
  Status hold(platform::Handle file, platform::Handle* copy);
  void letGo(platform::Handle copy) { held_.erase(copy); }

 private:
  static constexpr std::size_t kFewOwners = 64;

  /** Forgets owners of handles that have ended. */
  void forgetEnded(napi_env env);

  registry::Lookup lookup_;
  std::unordered_map<HandleId, napi_ref> owners_;
  std::size_t mostOwners_ = kFewOwners;  // before it is worth looking for such
  std::unordered_map<platform::Handle, OpenFilePtr> held_;
  HandleId lastHandle_ = 0;
  const std::uint8_t* lastData_ = nullptr;
  std::size_t lastEnd_ = 0;  // up to where its window is known to reach
  std::weak_ptr<void> lastViews_;
};

}  // namespace fmmap
