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
  /** @returns The promise; null if the environment is stopping. */
  static napi_value queue(napi_env env, std::unique_ptr<PoolTask> task);
  /** Keeps memory that the operation reads or writes. */
  void keep(Napi::ObjectReference memory) { memory_.push_back(std::move(memory)); }
  /** The object that it was called on, which makes its error. */
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
class PoolTaskOf : public PoolTask {
 public:
  explicit PoolTaskOf(const Call& call) : operation_(call) {}

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
  auto task = std::make_unique<PoolTaskOf<Operation>>(call);
  if (!call.accept()) return nullptr;
  task->calledOn(Napi::Persistent(info.This().As<Napi::Object>()));
  for (std::size_t index = 0; index < info.Length(); ++index) {
    if (call.isTyped(index)) task->keep(Napi::Persistent(info[index].As<Napi::Object>()));
  }
  return PoolTask::queue(info.Env(), std::move(task));
}

}  // namespace fmmap
