// One call from JavaScript: its arguments, and its end as a value or as an error.
#pragma once

#include <napi.h>

#include <memory>
#include <string>

#include "mapping.h"
#include "registry.h"
#include "status.h"

namespace fmmap {

/** What belongs to one JavaScript environment (the main thread or a worker). */
struct Environment {
  Napi::FunctionReference createError;        // (kind, syscall, errno, detail, argument, offset, path, dest) => Error
  Napi::Reference<Napi::Float64Array> result;  // second results, without an object per call,
  double* results = nullptr;                   // which lie here: asking V8 each time costs more than a small call
};

/** The files that a call is about, for its error. */
struct Subject {
  std::string path;
  bool hasPath = false;
  std::string destination;

  Napi::Value error(Napi::Env env, const Status& status) const {
    const Napi::Value undefined = env.Undefined();
    return env.GetInstanceData<Environment>()->createError.Call({
        Napi::Number::New(env, static_cast<int>(status.kind)),
        Napi::String::New(env, status.syscall),
        Napi::Number::New(env, status.error),
        Napi::String::New(env, status.detail),
        Napi::String::New(env, status.argument),
        Napi::Number::New(env, static_cast<double>(status.offset)),
        hasPath ? Napi::String::New(env, path) : undefined,
        destination.empty() ? undefined : Napi::String::New(env, destination),
    });
  }
};

class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info) : info_(info) {}

  Napi::Env env() const { return info_.Env(); }
  Environment* environment() const { return env().GetInstanceData<Environment>(); }

  registry::Id id(std::size_t index) const { return static_cast<registry::Id>(integer(index)); }
  std::int64_t integer(std::size_t index) const { return info_[index].As<Napi::Number>().Int64Value(); }
  int small(std::size_t index) const { return info_[index].As<Napi::Number>().Int32Value(); }
  bool flag(std::size_t index) const { return info_[index].As<Napi::Boolean>().Value(); }
  Napi::Value value(std::size_t index) const { return info_[index]; }
  std::size_t count() const { return info_.Length(); }

  /** A path as it is on disk: a string in UTF-8, a Buffer byte for byte. */
  std::string path(std::size_t index) const {
    if (!info_[index].IsTypedArray()) return info_[index].As<Napi::String>().Utf8Value();
    std::size_t length = 0;
    const std::uint8_t* data = bytes(index, &length);
    return std::string(reinterpret_cast<const char*>(data), length);
  }

  /** The memory of a Uint8Array; over a SharedArrayBuffer too, which Napi::Uint8Array is not made for. */
  std::uint8_t* bytes(std::size_t index, std::size_t* length) const {
    void* data = nullptr;
    napi_get_typedarray_info(env(), info_[index], nullptr, length, &data, nullptr, nullptr);
    return static_cast<std::uint8_t*>(data);
  }

 private:
  const Napi::CallbackInfo& info_;
};

}  // namespace fmmap
