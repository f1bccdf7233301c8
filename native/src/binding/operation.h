// How an operation is written: once, to be run in two ways, `now<Operation>` on the calling thread and
// `queued<Operation>` on the thread pool (pool-task.h), with a promise.
//
// The constructor reads the arguments, on the JavaScript thread; `run` does the work, on any thread, and leaves its
// results in an Outcome.
#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "binding/call.h"

namespace fmmap {

struct Outcome {
  double value = 0;
  double* results;  // space for kResults numbers, of which an operation sets those that it has
};

/** The base of operations on a mapping: the handle in the first argument. */
struct OnMapping {
  static constexpr std::size_t kSet = 0;  // results that it sets
  explicit OnMapping(const Call& call) : id(call.id(0)), mapping(call.environment().find(id)) {}
  /** Whether it cannot be run, because the mapping is closed. */
  bool isTooLate() const { return mapping == nullptr; }
  Subject subject() const { return mapping ? Subject{mapping->file().name(), true, {}} : Subject{}; }
  /** The mapping, for as long as another thread works on it. */
  std::shared_ptr<Mapping> keep() const { return mapping ? mapping->shared_from_this() : nullptr; }
  HandleId id;
  Mapping* mapping;
};

/** The base of those that do nothing, and do not fail, if the handle is gone. */
struct OnMappingIfAny : OnMapping {
  using OnMapping::OnMapping;
  bool isTooLate() const { return false; }
};

/** The base of operations on a range of a mapping, whose offset is argument `first`, followed by its length. */
struct OnRange : OnMapping {
  OnRange(const Call& call, std::size_t first)
      : OnMapping(call), offset(call.size(first)), length(call.size(first + 1)) {}
  std::int64_t offset, length;
};

/** The base of operations that have no handle. */
struct Unmapped {
  static constexpr std::size_t kSet = 0;
  bool isTooLate() const { return false; }
  std::shared_ptr<Mapping> keep() const { return nullptr; }
};

template <typename Operation>
Status perform(Operation& operation, Outcome& outcome) {
  return operation.isTooLate() ? Status::make(Kind::closed, "", "") : operation.run(outcome);
}

/** Throws what a call failed with. Returns what a call then returns. */
inline napi_value raise(const Call& call, const Subject& subject, const Status& status) {
  if (napi_value error = subject.error(call.env(), status, call.receiver())) napi_throw(call.env(), error);
  return nullptr;
}

template <typename Operation>
napi_value now(const Call& call) {
  Operation operation(call);
  if (!call.accept()) return nullptr;
  Outcome outcome{0, call.environment().results};
  const Status status = perform(operation, outcome);
  if (!status) return raise(call, operation.subject(), status);
  return numberOf(call.env(), outcome.value);
}

}  // namespace fmmap
