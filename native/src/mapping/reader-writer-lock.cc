// A reader-writer lock: see reader-writer-lock.h.
#include "mapping/reader-writer-lock.h"

namespace fmmap {

void ReaderWriterLock::lockShared() {
  std::unique_lock<std::mutex> guard(mutex_);
  changed_.wait(guard, [this] { return !isWriting_ && waitingWriters_ == 0; });
  ++readers_;
}

bool ReaderWriterLock::tryLockShared() {
  std::lock_guard<std::mutex> guard(mutex_);
  if (isWriting_ || waitingWriters_ > 0) return false;
  ++readers_;
  return true;
}

void ReaderWriterLock::unlockShared() {
  std::lock_guard<std::mutex> guard(mutex_);
  if (--readers_ == 0 && waitingWriters_ > 0) changed_.notify_all();
}

void ReaderWriterLock::lock() {
  std::unique_lock<std::mutex> guard(mutex_);
  ++waitingWriters_;
  changed_.wait(guard, [this] { return !isWriting_ && readers_ == 0; });
  --waitingWriters_;
  isWriting_ = true;
}

void ReaderWriterLock::unlock() {
  std::lock_guard<std::mutex> guard(mutex_);
  isWriting_ = false;
  changed_.notify_all();
}

}  // namespace fmmap
