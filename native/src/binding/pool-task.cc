// Operations on the thread pool: see pool-task.h.
#include "binding/pool-task.h"

namespace fmmap {

napi_value PoolTask::queue(napi_env env, Environment& environment, std::unique_ptr<PoolTask> task) {
  napi_value promise = nullptr;
  if (napi_create_promise(env, &task->deferred_, &promise) != napi_ok) return nullptr;
  const auto execute = [](napi_env, void* data) { static_cast<PoolTask*>(data)->execute(); };
  const auto complete = [](napi_env env, napi_status status, void* data) {
    const std::unique_ptr<PoolTask> task(static_cast<PoolTask*>(data));
    task->environment_->end(task->number_);
    if (status == napi_cancelled) task->refuse(env);
    else task->settle(env);
    napi_delete_async_work(env, task->handle_);
  };
  napi_value name = nullptr;
  if (napi_create_string_utf8(env, "fmmap", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, task.get(), &task->handle_) != napi_ok) {
    return nullptr;
  }
  if (napi_queue_async_work(env, task->handle_) != napi_ok) {
    napi_delete_async_work(env, task->handle_);
    return nullptr;
  }
  task->environment_ = &environment;
  task->number_ = environment.start(task->handle_);
  environment.results[0] = static_cast<double>(task->number_);
  (void)task.release();  // complete() has it
  return promise;
}

void PoolTask::refuse(napi_env env) {
  napi_value nothing = nullptr;
  if (napi_get_undefined(env, &nothing) == napi_ok) napi_reject_deferred(env, deferred_, nothing);
}

/** What fails here fails because the environment is stopping: nothing waits for the promise any more. */
void PoolTask::settle(napi_env env) {
  if (!status()) {
    napi_value error = subject().error(env, status(), receiver_.Value());
    if (error == nullptr && napi_get_and_clear_last_exception(env, &error) != napi_ok) return;
    napi_reject_deferred(env, deferred_, error);
    return;
  }
  napi_value values = nullptr;
  const std::vector<double> numbers = this->numbers();
  if (napi_create_array_with_length(env, numbers.size(), &values) != napi_ok) return;
  for (std::uint32_t index = 0; index < numbers.size(); ++index) {
    const napi_value value = numberOf(env, numbers[index]);
    if (value == nullptr || napi_set_element(env, values, index, value) != napi_ok) return;
  }
  napi_resolve_deferred(env, deferred_, values);
}

}  // namespace fmmap
