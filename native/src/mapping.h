// One mapped file: its handle, its lock and the windows through which the process sees it.
//
//   file      |.........|======= visible =======|......|
//             0      offset               offset+length
//   window          |##|===================|0000|F|
//                   data                    capacity
//
// A window is a range of addresses that V8 owns (the memory of a SharedArrayBuffer) with the
// file's pages mapped over its front and one footer page behind. Zeroes fill what the file does
// not. The footer's first byte is the flag that every typed access checks: 0 while the window
// shows the file, 1 once it does not, or no longer shows all of it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gate.h"
#include "platform.h"
#include "status.h"

namespace fmmap {

struct Window {
  std::uint8_t* data;
  std::size_t capacity;    // bytes before the footer; whole pages
  std::int64_t start;      // of data, counted from the mapping's first page
  std::size_t mapped = 0;  // bytes that show the file; whole pages
  int holders = 1;         // handles that look through it
  bool fresh = false;      // mapped for a size that resize() has yet to make true
  platform::Ward* ward = nullptr;
};

struct OpenSpec {
  std::string path;
  platform::OpenRequest request;
  platform::Access access = platform::Access::read;
  platform::Lock lock = platform::Lock::shared;
  platform::MapFlags map;
  bool guard = true;
  bool truncate = false;
  bool allocate = false;
  std::int64_t offset = 0;
  std::int64_t length = -1;   // -1: to the end
  std::int64_t maxSize = -1;  // -1: as it is
};

class Mapping {
 public:
  static Status open(const OpenSpec& spec, std::shared_ptr<Mapping>* mapping);
  static Status memory(const std::string& path, const std::uint8_t* data, std::int64_t length,
                       platform::Access access, platform::MapFlags flags, bool guard,
                       std::shared_ptr<Mapping>* mapping);
  ~Mapping();

  /** Shows `*length` visible bytes; -1 asks for what there is now, and gets it. */
  Status addWindow(std::uint8_t* data, std::size_t capacity, std::int64_t start, std::int64_t* length);

  // Opening: map the windows of the range that open() found, then make it true. What fails before
  // commit() is undone by abandon().
  Status commit();
  /** Whether there is anything to commit. */
  bool isPending() const { return truncate_ || resizeTo_ >= 0 || created_ || flags_.populate; }
  void abandon();

  Status resize(std::int64_t size, bool moved);
  Status freeze(bool exec);
  /** The visible bytes that reopen() would give. */
  Status extent(std::int64_t* length);
  /** Maps the open file as it is now, up to `limit` bytes (-1: all): the end of a fault. */
  Status reopen(std::int64_t limit, bool moved);
  void close();
  void poison();

  // operations.cc; offsets count from the visible start
  Status checkFault();
  Status flush(std::int64_t offset, std::int64_t length, bool wait);
  Status advise(platform::Advice advice, std::int64_t offset, std::int64_t length);
  Status prefetch(std::int64_t offset, std::int64_t length);
  /** Brings a small range into memory without mapping it. What goes wrong is left to who then touches it. */
  Status fetch(std::int64_t offset, std::int64_t length);
  /** Copies what of the file is in memory; not what a private mapping has changed. */
  Status readCached(std::int64_t offset, std::uint8_t* to, std::size_t length, bool* isRead);
  /** Whether touching the range waits for no disk. True only if it is certain. */
  Status isResident(std::int64_t offset, std::int64_t length, bool* resident);
  Status residency(std::int64_t offset, std::int64_t length, std::uint8_t* pages);
  Status lockMemory(std::int64_t offset, std::int64_t length, bool lock);
  Status lockFile(platform::Lock kind, bool wait, bool* acquired);
  Status unlockFile();

  Status writeToNewFile(const std::string& path, std::int64_t offset, std::int64_t length);  // copy.cc
  // remove.cc
  Status remove();

  /** One more, or one less, handle that looks through a window; the last one takes it away. */
  bool hold(std::uint8_t* data);
  void release(std::uint8_t* data);
  Status pinHandle(platform::Handle* file);
  void unpinHandle() { gate_.unpin(); }

  /** The path as the user gave it, for messages. */
  const std::string& name() const { return name_; }
  std::int64_t length() const { return length_; }
  std::int64_t delta() const { return delta_; }
  platform::Access access() const { return access_; }
  platform::Lock lockState() const { return lock_; }
  bool closed() const { return closed_; }
  bool poisoned() const { return poisoned_; }
  Cause faultCause() const { return fault_.cause(); }
  int faultSerial() const { return faultSerial_; }
  /** Where the fault was, in the mapping. */
  std::int64_t faultOffset() const { return std::max<std::int64_t>(fault_.offset() - offset_, 0); }

 private:
  Mapping() = default;

  /** Calls `visit(address, bytes, offset)` for pieces of windows that cover a visible range. */
  template <typename Visit>
  Status eachPiece(std::int64_t offset, std::int64_t length, Visit visit);

  Status usable(const char* syscall) const;
  bool seemsResident(std::int64_t offset, std::int64_t length);
  /** residency() under the caller's pin. */
  Status lookUp(std::int64_t offset, std::int64_t length, std::uint8_t* pages);
  /** Whether there was a fault, or will be one: the file may be shorter than what is mapped of it. */
  Status check(const char* syscall);
  void markFault(Cause cause, std::int64_t offset);
  template <typename Attempt>
  Status explained(const char* syscall, std::int64_t offset, std::int64_t length, Attempt attempt);
  Status explain(Status status, const char* syscall, std::int64_t offset, std::int64_t length);
  static Status tryOpen(const OpenSpec& spec, std::shared_ptr<Mapping>* mapping, bool* moved);
  Status prepare(const OpenSpec& spec, bool* moved);
  Status range(const OpenSpec& spec, std::int64_t size);
  Status commitSize();
  Status changeSize(std::int64_t size, bool moved);
  Status available(std::int64_t* length) const;
  Status fit(Window& window);
  void withdraw(Window& window);
  Status shrink(Window& window);
  void flag(Window& window, bool stale);
  void flagAll();
  void zeroTail(std::int64_t size);
  std::int64_t pagesOf(std::int64_t length) const;
  std::int64_t fileStart() const { return offset_ - delta_; }

  Gate gate_;
  std::mutex lockMutex_;
  std::string name_;
  std::string path_;  // absolute since open: the working directory may change
  platform::Handle file_ = platform::kNoHandle;
  platform::Identity identity_;
  std::atomic<platform::Access> access_{platform::Access::read};
  platform::MapFlags flags_;
  std::vector<Window> windows_;
  std::int64_t offset_ = 0;
  std::int64_t delta_ = 0;  // of the visible start from its page
  std::atomic<std::int64_t> length_{0};
  std::int64_t asked_ = -1;  // of the length: -1 is to the end
  std::atomic<platform::Lock> lock_{platform::Lock::none};
  std::atomic<bool> closed_{false};
  std::atomic<bool> poisoned_{false};
  Fault fault_;
  std::atomic<int> faultSerial_{0};  // of the one to come, or that there is
  bool guard_ = true;
  bool memory_ = false;
  std::atomic<int> tellsResidency_{-1};  // whether the system tells us which pages of the file it has; -1: not asked
  bool private_ = false;  // copy-on-write, also once frozen
  bool created_ = false;  // by this open, which may still fail
  bool allocate_ = false;
  bool truncate_ = false;       // to do in commit()
  std::int64_t resizeTo_ = -1;  // to do in commit()

  enum class Removal { needsUnlink, needsParentSync, removed };
  Removal removal_ = Removal::needsUnlink;
  platform::Handle parent_ = platform::kNoHandle;  // while a change of the name is under way
};

template <typename Visit>
Status Mapping::eachPiece(std::int64_t offset, std::int64_t length, Visit visit) {
  std::int64_t at = delta_ + offset;  // from here on counted like Window::start
  const std::int64_t end = at + length;
  while (at < end) {
    const Window* found = nullptr;
    for (const Window& window : windows_) {
      if (at < window.start || at >= window.start + static_cast<std::int64_t>(window.mapped)) continue;
      if (!found || window.start + window.mapped > found->start + found->mapped) found = &window;
    }
    if (!found) return Status::make(Kind::range, "mmap", "no window shows this part of the file");
    const std::int64_t until = std::min<std::int64_t>(end, found->start + found->mapped);
    const Status status = visit(found->data + (at - found->start), static_cast<std::size_t>(until - at), at - delta_);
    if (!status) return status;
    at = until;
  }
  return {};
}

/**
 * Does what may meet a page that is gone, and makes the fault of it. Where the file has grown again
 * by the time we look there is none, and it is done again.
 */
template <typename Attempt>
Status Mapping::explained(const char* syscall, std::int64_t offset, std::int64_t length, Attempt attempt) {
  Status status;
  for (int count = 0; count < 100; ++count) {
    status = explain(attempt(), syscall, offset, length);
    if (status.kind != Kind::system || status.error != EFAULT) break;
  }
  return status;
}

}  // namespace fmmap
