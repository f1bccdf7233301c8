// One call from JavaScript: its arguments, and its end as a value or as an error.
//
// Anybody can `require` the addon, so nothing is believed: an argument of the wrong kind is noted, and the call refused
// before anything is done. And an environment that stops (`worker.terminate()`) refuses most of Node-API, so each status
// is looked at.
#pragma once

#include <napi.h>

#include <cmath>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "mapping/registry.h"
#include "platform/status.h"

namespace fmmap {

/** What belongs to one JavaScript environment (the main thread or a worker). */
struct Environment {
  Napi::Reference<Napi::Float64Array> result;  // second results, without an object per call,
  double* results = nullptr;                   // which lie here: asking V8 each time costs more than a small call

  /** As registry::viewsOf(), which is asked only where the views are not of the same window as the last ones. */
  Keeper viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end);

  /** Notes who has a handle, and does not keep it from being collected; until unwatch(). */
  void watch(HandleId handle, napi_env env, napi_value owner);
  void unwatch(HandleId handle, napi_env env);
  /** Another descriptor of an open file, until letGo() or the end of the environment. */
  Status hold(platform::Handle file, platform::Handle* copy);
  void letGo(platform::Handle copy) { held_.erase(copy); }
  /** Handles of owners that have been collected, which is known at once here, and in JavaScript after a turn only. */
  std::size_t takeDropped(napi_env env, double* handles, std::size_t room);

 private:
  std::unordered_map<HandleId, napi_ref> owners_;
  std::unordered_map<platform::Handle, OpenFilePtr> held_;
  HandleId lastHandle_ = 0;
  const std::uint8_t* lastData_ = nullptr;
  std::size_t lastEnd_ = 0;  // up to where its window is known to reach
  std::weak_ptr<void> lastViews_;
};

/** How many numbers an operation may find besides its value. */
inline constexpr std::size_t kResults = 6;

/** The files that a call is about, for its error. */
struct Subject {
  std::string path;
  bool hasPath = false;
  std::string destination;

  /**
   * What `createError(kind, syscall, errno, detail, argument, offset, path, dest)` of the object makes that the binding was
   * called on, so that each copy of the library gets errors of its own classes. Null with an exception pending, or in an
   * environment that stops.
   */
  napi_value error(napi_env env, const Status& status, napi_value receiver) const;
};

/** Memory of JavaScript's. */
struct Span {
  std::uint8_t* data = nullptr;
  std::size_t length = 0;  // bytes
};

class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info) : info_(info) {}

  napi_env env() const { return info_.Env(); }
  Environment* environment() const { return info_.Env().GetInstanceData<Environment>(); }
  std::size_t count() const { return info_.Length(); }
  napi_value value(std::size_t index) const { return info_[index]; }

  std::int64_t integer(std::size_t index, std::int64_t min, std::int64_t max) const {
    double number = 0;
    if (napi_get_value_double(env(), value(index), &number) == napi_ok && number >= static_cast<double>(min) &&
        number <= static_cast<double>(max) && std::trunc(number) == number) {
      return static_cast<std::int64_t>(number);
    }
    return wrong(index, "an integer within its range"), min;
  }
  /** An offset, a length or a handle. */
  std::int64_t size(std::size_t index) const { return integer(index, 0, kMost); }
  /** One of those, or -1. */
  std::int64_t sizeOrNone(std::size_t index) const { return integer(index, -1, kMost); }
  HandleId id(std::size_t index) const { return static_cast<HandleId>(size(index)); }
  int small(std::size_t index, int max) const { return static_cast<int>(integer(index, 0, max)); }
  template <typename Enum>
  Enum one(std::size_t index, Enum last) const {
    return static_cast<Enum>(small(index, static_cast<int>(last)));
  }
  bool flag(std::size_t index) const {
    bool flag = false;
    if (napi_get_value_bool(env(), value(index), &flag) != napi_ok) wrong(index, "a boolean");
    return flag;
  }
  std::string string(std::size_t index) const;
  /** A path as it is on disk: a string in UTF-8, a Buffer byte for byte. */
  std::string path(std::size_t index) const;
  bool isTyped(std::size_t index) const;
  /** A typed array of this kind. */
  Span typed(std::size_t index, napi_typedarray_type type) const;
  Span bytes(std::size_t index) const { return typed(index, napi_uint8_array); }
  /** Whole pages of a SharedArrayBuffer, at a page's start: what a window may be made of. */
  Span pages(std::size_t index) const;

  /** Notes that an argument is not what it must be. The first one counts. */
  void wrong(std::size_t index, const char* expected) const {
    if (expected_ == nullptr) wrong_ = index, expected_ = expected;
  }
  bool isRight() const { return expected_ == nullptr; }
  /** False, with a TypeError pending, if an argument was wrong. */
  bool accept() const;

 private:
  static constexpr std::int64_t kMost = 9007199254740991;  // 2^53-1

  const Napi::CallbackInfo& info_;
  mutable std::size_t wrong_ = 0;
  mutable const char* expected_ = nullptr;
};

}  // namespace fmmap
