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
  Napi::Reference<Napi::Float64Array> result;  // second results, without an object per call
};

class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info) : info_(info), environment_(info.Env().GetInstanceData<Environment>()) {}

  Environment* environment() const { return environment_; }

  /** The mapping of the handle in the first argument; otherwise a pending MmapClosedError and null. */
  std::shared_ptr<Mapping> mapping() {
    mapping_ = registry::find(id(0));
    if (!mapping_) fail(Status::make(Kind::closed, "", ""));
    return mapping_;
  }

  registry::Id id(std::size_t index) const { return static_cast<registry::Id>(integer(index)); }
  std::int64_t integer(std::size_t index) const { return info_[index].As<Napi::Number>().Int64Value(); }
  int small(std::size_t index) const { return info_[index].As<Napi::Number>().Int32Value(); }
  bool flag(std::size_t index) const { return info_[index].As<Napi::Boolean>().Value(); }
  Napi::Value value(std::size_t index) const { return info_[index]; }

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
    napi_get_typedarray_info(info_.Env(), info_[index], nullptr, length, &data, nullptr, nullptr);
    return static_cast<std::uint8_t*>(data);
  }

  void setName(std::string name) {
    name_ = std::move(name);
    hasName_ = true;
  }
  void setDestination(std::string path) { destination_ = std::move(path); }
  double* results() const { return environment_->result.Value().Data(); }

  Napi::Value done(const Status& status) { return status ? info_.Env().Undefined() : fail(status); }
  Napi::Value done(double value) { return Napi::Number::New(info_.Env(), value); }

  Napi::Value fail(const Status& status) {
    const Napi::Env env = info_.Env();
    const Napi::Value undefined = env.Undefined();
    if (mapping_) setName(mapping_->name());
    const Napi::Value error = environment_->createError.Call({
        Napi::Number::New(env, static_cast<int>(status.kind)),
        Napi::String::New(env, status.syscall),
        Napi::Number::New(env, status.error),
        Napi::String::New(env, status.detail),
        Napi::String::New(env, status.argument),
        Napi::Number::New(env, static_cast<double>(status.offset)),
        hasName_ ? Napi::String::New(env, name_) : undefined,
        destination_.empty() ? undefined : Napi::String::New(env, destination_),
    });
    if (!env.IsExceptionPending()) napi_throw(env, error);
    return undefined;
  }

 private:
  const Napi::CallbackInfo& info_;
  Environment* environment_;
  std::shared_ptr<Mapping> mapping_;
  std::string name_;
  bool hasName_ = false;
  std::string destination_;
};

}  // namespace fmmap
