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

  /** Watches an object, without keeping it from being collected; until unwatch(). Returns a number for it. */
  std::uint64_t watch(napi_env env, napi_value object);
  void unwatch(std::uint64_t number, napi_env env);
  /** The numbers of objects that have been collected, which is known here at once, and in JavaScript only after a turn. */
  std::size_t takeDropped(napi_env env, double* numbers, std::size_t room);

  /** Another descriptor of an open file, until letGo() or the end of the environment. */
  Status hold(platform::Handle file, platform::Handle* copy);
  void letGo(platform::Handle copy) { held_.erase(copy); }

  /** Notes work for the thread pool, until end(). Returns a number for it. */
  std::uint64_t start(napi_async_work work);
  void end(std::uint64_t number) { underway_.erase(number); }
  /** Withdraws it if no thread has started it. */
  void cancel(std::uint64_t number, napi_env env);

 private:
  registry::Lookup lookup_;
  std::unordered_map<std::uint64_t, napi_ref> watched_;
  std::uint64_t lastWatched_ = 0;
  std::unordered_map<platform::Handle, OpenFilePtr> held_;
  std::unordered_map<std::uint64_t, napi_async_work> underway_;
  std::uint64_t lastWork_ = 0;
  HandleId lastHandle_ = 0;
  const std::uint8_t* lastData_ = nullptr;
  std::size_t lastEnd_ = 0;  // up to where its window is known to reach
  std::weak_ptr<void> lastViews_;
};

}  // namespace fmmap
