// An operation is written once and runs in two ways: `now<Operation>` on the calling thread, and
// `queued<Operation>` on the thread pool, with a promise.
//
// Its constructor reads the arguments, on the JavaScript thread; `run` does the work, on any
// thread, and returns a number (or nothing) in its Outcome.
#pragma once

#include <napi.h>

#include <vector>

#include "call.h"

namespace fmmap {

struct Outcome {
  double value = 0;
  double results[5] = {};
};

/** The base of operations on a mapping: the handle in the first argument. */
struct OnMapping {
  explicit OnMapping(const Call& call) : id(call.id(0)), mapping(registry::find(id)) {
    if (mapping) subject = {mapping->name(), true, {}};
    else ready = Status::make(Kind::closed, "", "");
  }
  registry::Id id;
  std::shared_ptr<Mapping> mapping;
  Subject subject;
  Status ready;  // else the operation has failed before it began
};

/** The base of those that do nothing, and do not fail, where the handle is gone. */
struct OnMappingIfAny : OnMapping {
  explicit OnMappingIfAny(const Call& call) : OnMapping(call) { ready = {}; }
};

/** The base of operations on a range of a mapping, whose offset is argument `first`, followed by its length. */
struct OnRange : OnMapping {
  OnRange(const Call& call, std::size_t first)
      : OnMapping(call), offset(call.integer(first)), length(call.integer(first + 1)) {}
  std::int64_t offset, length;
};

/** The base of operations that have none. */
struct Unmapped {
  Subject subject;
  Status ready;
};

template <typename Operation>
Napi::Value now(const Napi::CallbackInfo& info) {
  const Call call(info);
  Operation operation(call);
  Outcome outcome;
  const Status status = operation.ready ? operation.run(outcome) : operation.ready;
  if (!status) {
    const Napi::Value error = operation.subject.error(info.Env(), status);
    if (!info.Env().IsExceptionPending()) napi_throw(info.Env(), error);
    return info.Env().Undefined();
  }
  std::copy(std::begin(outcome.results), std::end(outcome.results), call.environment()->results);
  return Napi::Number::New(info.Env(), outcome.value);
}

template <typename Operation>
class Queued : public Napi::AsyncWorker {
 public:
  explicit Queued(const Napi::CallbackInfo& info)
      : AsyncWorker(info.Env(), "fmmap"), deferred_(info.Env()), operation_(Call(info)) {
    for (std::size_t index = 0; index < info.Length(); ++index) {
      if (info[index].IsTypedArray()) memory_.push_back(Napi::Persistent(info[index].As<Napi::Object>()));
    }
  }
  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { status_ = operation_.ready ? operation_.run(outcome_) : operation_.ready; }

  void OnOK() override {
    if (!status_) return deferred_.Reject(operation_.subject.error(Env(), status_));
    auto value = Napi::Array::New(Env(), 1 + std::size(outcome_.results));
    value.Set(0u, outcome_.value);
    for (std::uint32_t index = 0; index < std::size(outcome_.results); ++index) {
      value.Set(index + 1, outcome_.results[index]);
    }
    deferred_.Resolve(value);
  }

 private:
  Napi::Promise::Deferred deferred_;
  Operation operation_;
  std::vector<Napi::ObjectReference> memory_;  // that the operation looks at
  Outcome outcome_;
  Status status_;
};

template <typename Operation>
Napi::Value queued(const Napi::CallbackInfo& info) {
  auto* work = new Queued<Operation>(info);  // deletes itself when it is done
  const Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

}  // namespace fmmap
