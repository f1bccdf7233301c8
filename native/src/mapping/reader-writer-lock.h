// A reader-writer lock: many threads may use a mapping at once, and changing it waits until none does.
//
// Unlike std::shared_mutex it may be released on another thread, and waiting writers go before new readers.
#pragma once

#include <condition_variable>
#include <mutex>

namespace fmmap {

class ReaderWriterLock {
 public:
  void lockShared();
  /** Only if that takes no waiting. */
  bool tryLockShared();
  void unlockShared();
  void lock();
  void unlock();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int readers_ = 0;
  int waitingWriters_ = 0;
  bool isWriting_ = false;
};

/** Holds the lock as a reader for a scope. */
class SharedLock {
 public:
  explicit SharedLock(ReaderWriterLock& lock) : lock_(lock) { lock_.lockShared(); }
  ~SharedLock() { lock_.unlockShared(); }
  SharedLock(const SharedLock&) = delete;

 private:
  ReaderWriterLock& lock_;
};

/** Holds the lock as a reader for a scope, if that takes no waiting. */
class TriedSharedLock {
 public:
  explicit TriedSharedLock(ReaderWriterLock& lock) : lock_(lock), isHeld_(lock.tryLockShared()) {}
  ~TriedSharedLock() {
    if (isHeld_) lock_.unlockShared();
  }
  TriedSharedLock(const TriedSharedLock&) = delete;
  bool isHeld() const { return isHeld_; }

 private:
  ReaderWriterLock& lock_;
  const bool isHeld_;
};

/** Holds the lock as its writer for a scope. */
class ExclusiveLock {
 public:
  explicit ExclusiveLock(ReaderWriterLock& lock) : lock_(lock) { lock_.lock(); }
  ~ExclusiveLock() { lock_.unlock(); }
  ExclusiveLock(const ExclusiveLock&) = delete;

 private:
  ReaderWriterLock& lock_;
};

}  // namespace fmmap
