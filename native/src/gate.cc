#include "gate.h"

namespace fmmap {

void Gate::pin() {
  std::unique_lock<std::mutex> guard(mutex_);
  changed_.wait(guard, [this] { return !closed_ && waiting_ == 0; });
  ++pins_;
}

void Gate::unpin() {
  std::lock_guard<std::mutex> guard(mutex_);
  if (--pins_ == 0 && waiting_ > 0) changed_.notify_all();
}

void Gate::close() {
  std::unique_lock<std::mutex> guard(mutex_);
  ++waiting_;
  changed_.wait(guard, [this] { return !closed_ && pins_ == 0; });
  --waiting_;
  closed_ = true;
}

void Gate::open() {
  std::lock_guard<std::mutex> guard(mutex_);
  closed_ = false;
  changed_.notify_all();
}

}  // namespace fmmap
