// An operation is written once and runs in two ways: `now<Operation>` on the calling thread, and
// `queued<Operation>` on the thread pool, with a promise.
//
// Its constructor reads the arguments, on the JavaScript thread; `run` does the work, on any
// thread, and returns a number (or nothing) in its Outcome.
#pragma once

#include <napi.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "call.h"

namespace fmmap {

struct Outcome {
  double value = 0;
  double results[kResults] = {};
};

/** The base of operations on a mapping: the handle in the first argument. */
struct OnMapping {
  explicit OnMapping(const Call& call) : id(call.id(0)), mapping(registry::find(id)) {
    if (mapping) subject = {mapping->name(), true, {}};
    else ready = Status::make(Kind::closed, "", "");
  }
  HandleId id;
  std::shared_ptr<Mapping> mapping;
  Subject subject;
  Status ready;  // otherwise the operation has failed before it started
};

/** The base of those that do nothing, and do not fail, where the handle is gone. */
struct OnMappingIfAny : OnMapping {
  explicit OnMappingIfAny(const Call& call) : OnMapping(call) { ready = {}; }
};

/** The base of operations on a range of a mapping, whose offset is argument `first`, followed by its length. */
struct OnRange : OnMapping {
  OnRange(const Call& call, std::size_t first)
      : OnMapping(call), offset(call.size(first)), length(call.size(first + 1)) {}
  std::int64_t offset, length;
};

/** The base of operations that have none. */
struct Unmapped {
  Subject subject;
  Status ready;
};

template <typename Operation>
Status perform(Operation& operation, Outcome& outcome) {
  return operation.ready ? operation.run(outcome) : operation.ready;
}

template <typename Operation>
napi_value now(const Napi::CallbackInfo& info) {
  const Call call(info);
  Operation operation(call);
  if (!call.accept()) return nullptr;
  Outcome outcome;
  const Status status = perform(operation, outcome);
  if (!status) {
    if (napi_value error = operation.subject.error(info.Env(), status, info.This())) napi_throw(info.Env(), error);
    return nullptr;
  }
  if (double* results = call.environment()->results) {
    std::copy(std::begin(outcome.results), std::end(outcome.results), results);
  }
  napi_value value = nullptr;
  napi_create_double(info.Env(), outcome.value, &value);
  return value;
}

/** Work on the thread pool, and the promise of its outcome. */
class Work {
 public:
  virtual ~Work() = default;
  /** @returns The promise; null where the environment is stopping. */
  static napi_value queue(napi_env env, std::unique_ptr<Work> work);
  /** Keeps memory that the work looks at. */
  void keep(Napi::ObjectReference memory) { memory_.push_back(std::move(memory)); }
  /** What it was called on, which makes its error. */
  void calledOn(Napi::ObjectReference receiver) { receiver_ = std::move(receiver); }

 private:
  virtual void execute() = 0;
  virtual const Status& status() const = 0;
  virtual const Outcome& outcome() const = 0;
  virtual const Subject& subject() const = 0;
  void settle(napi_env env);

  napi_async_work handle_ = nullptr;
  napi_deferred deferred_ = nullptr;
  Napi::ObjectReference receiver_;
  std::vector<Napi::ObjectReference> memory_;
};

template <typename Operation>
class WorkOf : public Work {
 public:
  explicit WorkOf(const Call& call) : operation_(call) {}

 private:
  void execute() override { status_ = perform(operation_, outcome_); }
  const Status& status() const override { return status_; }
  const Outcome& outcome() const override { return outcome_; }
  const Subject& subject() const override { return operation_.subject; }

  Operation operation_;
  Outcome outcome_;
  Status status_;
};

template <typename Operation>
napi_value queued(const Napi::CallbackInfo& info) {
  const Call call(info);
  auto work = std::make_unique<WorkOf<Operation>>(call);
  if (!call.accept()) return nullptr;
  work->calledOn(Napi::Persistent(info.This().As<Napi::Object>()));
  for (std::size_t index = 0; index < info.Length(); ++index) {
    if (call.isTyped(index)) work->keep(Napi::Persistent(info[index].As<Napi::Object>()));
  }
  return Work::queue(info.Env(), std::move(work));
}

}  // namespace fmmap
