// How an operation is written: once, to be run in two ways, `now<Operation>` on the calling thread and
// `queued<Operation>` on the thread pool (pool-task.h), with a promise.
//
// The constructor reads the arguments, on the JavaScript thread; `run` does the work, on any thread, and leaves its
// results in an Outcome.
#pragma once

#include <napi.h>

#include <algorithm>
#include <memory>

#include "binding/call.h"

namespace fmmap {

struct Outcome {
  double value = 0;
  double results[kResults] = {};
};

/** The base of operations on a mapping: the handle in the first argument. */
struct OnMapping {
  explicit OnMapping(const Call& call) : id(call.id(0)), mapping(registry::find(id)) {
    if (mapping) subject = {mapping->file().name(), true, {}};
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

}  // namespace fmmap
