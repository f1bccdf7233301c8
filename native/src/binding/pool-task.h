// Runs an operation on libuv's thread pool, and settles a promise with its outcome.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "binding/operation.h"

namespace fmmap {

/** An operation on its way through the pool, and the promise of its outcome. */
class PoolTask {
 public:
  virtual ~PoolTask() = default;
  /**
   * The number that withdraws it is left in the results of the environment.
   * @returns The promise; null if the environment is stopping.
   */
  static napi_value queue(napi_env env, Environment& environment, std::unique_ptr<PoolTask> task);
  /** Keeps memory that the operation reads or writes. */
  void keep(Napi::ObjectReference memory) { memory_.push_back(std::move(memory)); }
  /** The object that it was called on, which makes its error. */
  void calledOn(Napi::ObjectReference receiver) { receiver_ = std::move(receiver); }

 private:
  virtual void execute() = 0;
  virtual const Status& status() const = 0;
  /** The value, and the results that the operation has set. */
  virtual std::vector<double> numbers() const = 0;
  virtual Subject subject() const = 0;
  void settle(napi_env env);
  /** Rejects the promise of an operation that was withdrawn, with undefined. */
  void refuse(napi_env env);

  napi_async_work handle_ = nullptr;
  napi_deferred deferred_ = nullptr;
  Environment* environment_ = nullptr;
  std::uint64_t number_ = 0;
  Napi::ObjectReference receiver_;
  std::vector<Napi::ObjectReference> memory_;
};

template <typename Operation>
class PoolTaskOf : public PoolTask {
 public:
  explicit PoolTaskOf(const Call& call) : operation_(call), mapping_(operation_.keep()) {}

 private:
  void execute() override { status_ = perform(operation_, outcome_); }
  const Status& status() const override { return status_; }
  std::vector<double> numbers() const override {
    std::vector<double> numbers(results_, results_ + Operation::kSet);
    numbers.insert(numbers.begin(), outcome_.value);
    return numbers;
  }
  Subject subject() const override { return operation_.subject(); }

  Operation operation_;
  const std::shared_ptr<Mapping> mapping_;
  double results_[kResults] = {};
  Outcome outcome_{0, results_};
  Status status_;
};

template <typename Operation>
napi_value queued(const Call& call) {
  auto task = std::make_unique<PoolTaskOf<Operation>>(call);
  if (!call.accept()) return nullptr;
  task->calledOn(Napi::Persistent(Napi::Object(call.env(), call.receiver())));
  for (std::size_t index = 0; index < call.count(); ++index) {
    if (call.isTyped(index)) task->keep(Napi::Persistent(Napi::Object(call.env(), call.value(index))));
  }
  return PoolTask::queue(call.env(), call.environment(), std::move(task));
}

}  // namespace fmmap
