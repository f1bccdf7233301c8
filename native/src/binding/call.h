// One call from JavaScript: its arguments, and its result as a value or as an error.
//
// Any code can `require` the addon, so nothing is trusted: an argument of the wrong kind is noted, and the call is refused
// before anything is done. An environment that is stopping (`worker.terminate()`) refuses most of Node-API, so each status is
// checked. This is Node-API itself and not node-addon-api, which costs as much as a small call.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "binding/environment.h"
#include "platform/status.h"

namespace fmmap {

/** The files that a call is about, for its error. */
struct Subject {
  std::string path;
  bool hasPath = false;
  std::string destination;

  /**
   * Calls `createError(kind, syscall, errno, detail, argument, offset, path, dest, name, message)` of the object that the
   * binding was called on, so that each copy of the library gets errors of its own classes. Null with an exception pending,
   * or in an environment that is stopping.
   */
  napi_value error(napi_env env, const Status& status, napi_value receiver) const;
};

/** Memory of JavaScript's. */
struct Span {
  std::uint8_t* data = nullptr;
  std::size_t length = 0;  // bytes
};

/** A number for JavaScript. Null with an exception pending, or in an environment that is stopping. */
inline napi_value numberOf(napi_env env, double value) {
  napi_value result = nullptr;
  const auto small = static_cast<std::int32_t>(value >= 0 && value < 1 << 30 ? value : -1);
  if (static_cast<double>(small) == value) napi_create_int32(env, small, &result);  // which costs less
  else napi_create_double(env, value, &result);
  return result;
}

class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    void* data = nullptr;
    napi_get_cb_info(env, info, &count_, few_, &receiver_, &data);
    environment_ = static_cast<Environment*>(data);
    if (count_ > kFew) readAll(info);
  }
  Call(const Call&) = delete;

  napi_env env() const { return env_; }
  Environment& environment() const { return *environment_; }
  /** The object that the function was called on. */
  napi_value receiver() const { return receiver_; }
  std::size_t count() const { return count_; }
  /** Null, which Node-API takes for no value, if there are fewer. */
  napi_value value(std::size_t index) const { return index < count_ ? values_[index] : nullptr; }

  /** The bounds are doubles, as numbers of JavaScript's are, so that no call converts them. */
  std::int64_t integer(std::size_t index, double min, double max) const {
    double number = 0;
    if (napi_get_value_double(env_, value(index), &number) == napi_ok && number >= min && number <= max) {
      const auto integer = static_cast<std::int64_t>(number);
      if (static_cast<double>(integer) == number) return integer;
    }
    wrong(index, "an integer within its range");
    return static_cast<std::int64_t>(min);
  }
  /** An offset, a length or a handle. */
  std::int64_t size(std::size_t index) const { return integer(index, 0, kMost); }
  /** One of those, or -1. */
  std::int64_t sizeOrNone(std::size_t index) const { return integer(index, -1, kMost); }
  HandleId id(std::size_t index) const { return static_cast<HandleId>(size(index)); }
  int small(std::size_t index, int max) const { return static_cast<int>(integer(index, 0, max)); }
  std::uint32_t bits(std::size_t index) const { return static_cast<std::uint32_t>(integer(index, 0, 4294967295.0)); }
  template <typename Enum>
  Enum one(std::size_t index, Enum last) const {
    return static_cast<Enum>(small(index, static_cast<int>(last)));
  }
  bool flag(std::size_t index) const {
    bool flag = false;
    if (napi_get_value_bool(env_, value(index), &flag) != napi_ok) wrong(index, "a boolean");
    return flag;
  }
  std::string string(std::size_t index) const;
  /** A path as it is on disk: a string in UTF-8, a Buffer byte for byte. */
  std::string path(std::size_t index) const;
  bool isObject(std::size_t index) const { return isOf(index, napi_object) || isFunction(index); }
  bool isFunction(std::size_t index) const { return isOf(index, napi_function); }
  bool isTyped(std::size_t index) const;
  /** A typed array of this kind. */
  Span typed(std::size_t index, napi_typedarray_type type) const;
  Span bytes(std::size_t index) const { return typed(index, napi_uint8_array); }
  /** Likewise, of memory that every thread sees. */
  Span shared(std::size_t index, napi_typedarray_type type) const;
  /** Whole pages of a SharedArrayBuffer, at a page's start: what a window may be made of. */
  Span pages(std::size_t index) const;

  /** Notes that an argument is not what it must be. The first such note counts. */
  void wrong(std::size_t index, const char* expected) const {
    if (expected_ == nullptr) wrong_ = index, expected_ = expected;
  }
  bool isRight() const { return expected_ == nullptr; }
  /** False, with a TypeError pending, if an argument was wrong. */
  bool accept() const { return isRight() || refuse(); }

 private:
  void readAll(napi_callback_info info);
  bool refuse() const;
  bool isOf(std::size_t index, napi_valuetype type) const;

  static constexpr double kMost = static_cast<double>(kMaxOffset);

  static constexpr std::size_t kFew = 4;

  const napi_env env_;
  Environment* environment_ = nullptr;
  napi_value receiver_ = nullptr;
  std::size_t count_ = kFew;
  napi_value few_[kFew];
  std::unique_ptr<napi_value[]> many_;
  const napi_value* values_ = few_;
  mutable std::size_t wrong_ = 0;
  mutable const char* expected_ = nullptr;
};

}  // namespace fmmap
