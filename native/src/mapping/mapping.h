// One mapped file: its open file, its lock and the windows through which the process sees it.
//
// Two locks keep the threads apart (docs/architecture.md, "Threads"):
//
// * `order_` is for what may wait for a disk: uses of the mapping go side by side, changes go alone.
// * `state_` guards the fields. It is never held during a system call that may wait, so that every thread, that of an
//   event loop too, may take it at any time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mapping/reader-writer-lock.h"
#include "mapping/open-file.h"
#include "platform/directory.h"
#include "platform/file.h"
#include "platform/guard.h"
#include "platform/memory.h"
#include "platform/status.h"
#include "mapping/window.h"

namespace fmmap {

class PinnedRange;

struct OpenSpec {
  platform::Place place;
  platform::OpenRequest request;
  platform::Access access = platform::Access::read;
  platform::Lock lock = platform::Lock::shared;
  platform::MapFlags map;
  bool guard = true;
  bool detach = false;
  bool truncate = false;
  bool allocate = false;
  bool waits = false;  // for a lock of others, by trying again
  std::int64_t offset = 0;
  std::int64_t length = -1;   // -1: to the end
  std::int64_t maxSize = 0;   // of a file that is new, empty or truncated
  std::int64_t minSize = 0;   // of any
};

class Mapping;

/** What a new file may take the place of. */
struct Replacing {
  bool isAllowed = false;
  std::shared_ptr<Mapping> only{};  // of nothing but its file
};

/** When a call is content with a lock that the mapping already has. */
struct LockClaim {
  bool again;  // with what the same handle has
  bool adopt;  // not with what open() took, unless it becomes the owner of that
};

/** What a mapping is at one moment. */
struct MappingState {
  bool closed = true;
  bool poisoned = false;
  platform::Access access = platform::Access::read;
  platform::Lock lock = platform::Lock::none;
  std::int64_t length = 0;
  Why why;
  std::int64_t faultOffset = 0;
  int faultSerial = 0;
  bool beingCut = false;  // by a thread whose cut has not reached the file
  int changes = 0;        // of the length, counted
};

class Mapping {
 public:
  static Status open(const OpenSpec& spec, std::shared_ptr<Mapping>* mapping);
  static Status memory(const OpenSpec& spec, const std::uint8_t* data, std::int64_t length,
                       std::shared_ptr<Mapping>* mapping);
  ~Mapping() { close(); }

  // --- mapping.cc: handles, and the windows that each of them looks through ---
  /** False once it is closed. */
  bool join(HandleId handle);
  /** Takes a handle away, with its windows and its lock. @returns Whether it was the last one, which closes the mapping. */
  bool leave(HandleId handle);
  /** The owner of a handle is gone, and only views are left: takes away what none of them needs. */
  void leaveViews(HandleId handle);
  /** Maps a new window for `*length` visible bytes; -1 asks for what there is now, and gets it. */
  Status addWindow(HandleId handle, std::uint8_t* data, std::size_t capacity, Keeper memory, std::int64_t start,
                   std::int64_t* length, bool isGuest = false);
  /** Guests between these addresses, which V8 has made writable, are protected again. */
  void protectGuests(const std::uint8_t* from, const std::uint8_t* to);
  /** Has another handle look through the window at `data`, if there is one. */
  bool holdWindow(HandleId handle, const std::uint8_t* data, std::size_t size, Keeper memory, std::int64_t* start);
  /** The handle is done with a window. False while work in flight or views have its addresses. */
  bool dropWindow(HandleId handle, const std::uint8_t* data);
  /**
   * What all views of a handle over a window keep; `make` gets the memory for the first of them. Null if the handle has no
   * such window of `end` bytes.
   */
  template <typename Make>
  Keeper viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end, Make make);
  /** The last of those views is gone. */
  void endViews(HandleId handle, const std::uint8_t* data);
  MappingState state() const;
  /** As state(); of a cut that is under way it finds out whether the file is shorter by now. */
  MappingState stateNow();
  void poison();
  /** Waits for nobody: work in flight ends without the file. */
  void close();

  // --- opening.cc: map the windows of the range that open() found, then make it true ---
  Status commit(HandleId handle);
  /** Whether there is anything to commit. */
  bool isPending() const { return isSizing() || created_ || populate_ || lock_ != keepLock_; }
  /** Undoes an open() that was not committed. */
  void abandon();

  // --- changing.cc ---
  Status resize(HandleId handle, std::int64_t size);
  /** Grows the file by room for what is yet to be written, with blocks for it, and does not wait for the disk to know. */
  Status makeRoom(HandleId handle, std::int64_t size);
  /**
   * Of a file of `to` mapped bytes those from `from` on are nothing but room, which goes when the mapping does. Not if
   * somebody else has given the file another size.
   */
  void noteRoom(std::int64_t from, std::int64_t to);
  /** Cuts the room off now, whatever has befallen the mapping. @param isLast - No more is made then. */
  Status cutRoom(bool isLast);
  Status freeze(bool exec);
  /** Maps the open file as it is now: the end of a fault. */
  Status reopen();

  // --- using.cc; offsets count from the visible start ---
  Status checkFault() { return check("fstat"); }
  Status stat(platform::FileStat* stat);
  Status flush(HandleId handle, std::int64_t offset, std::int64_t length, bool wait);
  Status advise(HandleId handle, platform::Advice advice, std::int64_t offset, std::int64_t length);
  Status prefetch(HandleId handle, std::int64_t offset, std::int64_t length);
  /** Brings a small range into memory without mapping it. What goes wrong is left to whoever then touches it. */
  Status fetch(std::int64_t offset, std::int64_t length);
  /** Copies what of the file is in memory; not what a private mapping has changed. */
  Status readCached(HandleId handle, std::int64_t offset, std::uint8_t* to, std::size_t length, bool* isRead);
  /** Whether touching the range waits for no disk. True only if it is certain. */
  Status isResident(HandleId handle, std::int64_t offset, std::int64_t length, bool* resident);
  /** One byte a page, of which there is room for `room`. */
  Status residency(HandleId handle, std::int64_t offset, std::int64_t length, std::uint8_t* pages, std::size_t room);
  Status lockMemory(HandleId handle, std::int64_t offset, std::int64_t length, bool lock);

  // --- locking.cc ---
  /** Tries to take the lock of the file. Each call that takes it is an owner of its own. */
  Status lockFile(HandleId handle, platform::Lock kind, LockClaim claim, bool* acquired);
  Status unlockFile(HandleId handle);

  // --- copying.cc ---
  Status writeToNewFile(HandleId handle, const platform::Place& place, std::int64_t offset, std::int64_t length,
                        const Replacing& replacing);

  // --- removing.cc ---
  Status remove();
  /** Before close(), if a remove() has unlinked the file, and its sync failed: once more, for nobody can any more. */
  void finishRemoval();

  // --- what does not change ---
  /** The path as the user gave it, for messages. */
  const std::string& name() const { return name_; }
  std::int64_t offset() const { return offset_; }
  std::int64_t delta() const { return delta_; }
  bool isMemory() const { return memory_; }
  bool isPrivate() const { return private_; }
  bool detaches() const { return detach_; }
  /** Opened by a descriptor, so that no path leads to it. */
  bool isNameless() const { return place_.path.empty() && !memory_; }

 private:
  friend class PinnedRange;

  Mapping() = default;

  OpenFilePtr file() const;
  bool isJoined(HandleId handle) const;
  /** Takes the lock of the mapping for a moment; `file` is for who goes on without it. */
  Status usable(const char* syscall, OpenFilePtr* file) const;

  // With `state_` held:
  Status usable(const char* syscall) const;
  std::int64_t faultOffset() const { return std::max<std::int64_t>(fault_.offset() - offset_, 0); }
  /** Poisons it. */
  void spoil();
  /** The length, as far as it is certain: less while the file is being cut. */
  std::int64_t certainLength() const { return cutTo_ >= 0 ? cutTo_ : length_; }
  /** What threads are to see: the old length until the cut has reached the file, so that one that fails takes nothing. */
  std::int64_t shownLength() const { return cutTo_ >= 0 && fault_.isCut() ? cutTo_ : length_; }
  MappingState stateOf() const;
  bool isGuarded() const;
  /** Takes a window from the list, to be given to withdrawAll(). */
  void extract(std::vector<std::shared_ptr<Window>>::iterator window, std::vector<std::shared_ptr<Window>>* out);
  /** Likewise, those that nobody has any more. */
  void extractIdle(std::vector<std::shared_ptr<Window>>* out);
  void flagAll();
  std::vector<std::shared_ptr<Window>>::iterator findWindow(const std::uint8_t* data);
  std::int64_t pagesOf(std::int64_t length) const;
  std::int64_t fileStart() const { return offset_ - delta_; }

  // Without it:
  /** The memory of a window belongs to its holders, who wait in leave() and dropWindow() until this is done with it. */
  void withdrawAll(const std::vector<std::shared_ptr<Window>>& windows);
  /** The end of a use of windows; the last one withdraws what no handle holds any more. */
  void letGo(const std::vector<std::shared_ptr<Window>>& used);
  /** Whether there was a fault, or will be one: the file may be shorter than what is mapped of it. */
  Status check(const char* syscall);
  void markFault(Why why, std::int64_t offset);
  template <typename Attempt>
  Status explained(const char* syscall, const PinnedRange& pieces, Attempt attempt, bool store = false);
  Status explain(Status status, const char* syscall, const PinnedRange& pieces, bool store);
  /** Null, or why this mapping does not take an advice. */
  const char* whyNotAdvised(platform::Advice advice) const;
  bool seemsResident(const PinnedRange& pieces);

  static Status outside(const char* argument, std::int64_t asked, std::int64_t size, const char* remedy);
  void setFlags(platform::MapFlags flags);
  static Status tryOpen(const OpenSpec& spec, std::shared_ptr<Mapping>* mapping, bool* moved);
  Status prepare(const OpenSpec& spec, bool* moved);
  Status takeLock(const OpenFilePtr& file, platform::Lock kind);
  Status look(const OpenSpec& spec, bool* moved);
  bool isSizing() const { return truncate_ || resizeTo_ >= 0; }
  Status settle();
  Status range(const OpenSpec& spec, std::int64_t size);
  Status commitSize(platform::Handle file, std::int64_t* before);

  Status changeSize(HandleId handle, std::int64_t size, bool isRoom, OpenFilePtr* file);
  /** Of a file that nobody looks at through a window, or that is faulted. */
  void cutRoomOf(const OpenFilePtr& file);
  /** With `state_` held: has a window show as much of the file as both have, no less, no more, or all of it anew. */
  Status grow(Window& window);
  /** Maps what is between two places in the window. */
  Status show(const Window& window, std::size_t from, std::size_t to, platform::Access access) const;
  Status shrink(Window& window);
  Status remap(Window& window);
  void zeroTail(HandleId handle, std::int64_t size);

  /** With `lockMutex_` held. */
  Status giveLockBack(const OpenFilePtr& file);

  ReaderWriterLock order_;
  mutable std::mutex state_;

  // Fixed once it is open.
  std::string name_;
  platform::Place place_;  // absolute, or where that does not lead to the file, from directory_ on; or nowhere
  platform::Identity identity_;
  platform::MapFlags flags_;  // but for populate: mapping waits for no disk
  bool populate_ = false;     // to do in commit()
  std::int64_t offset_ = 0;
  std::int64_t delta_ = 0;  // of the visible start from its page
  bool guard_ = true;
  bool detach_ = false;  // views are detached on close, which is JavaScript's affair
  bool memory_ = false;
  bool private_ = false;  // copy-on-write, also once frozen
  bool allocate_ = false;
  platform::Lock keepLock_ = platform::Lock::none;  // once commit() is done

  // Guarded by `state_`.
  OpenFilePtr file_;
  OpenFilePtr parent_;     // the directory, while a change of the name is under way
  OpenFilePtr directory_;  // if place_ starts from one
  std::vector<HandleId> handles_;
  std::vector<std::shared_ptr<Window>> windows_;
  std::vector<std::shared_ptr<Window>> withdrawing_;  // no longer in that list, and still being looked at
  std::condition_variable withdrawn_;
  std::int64_t length_ = 0;
  std::int64_t cutTo_ = -1;  // the length that the file is being cut to under the guard's eyes
  int changes_ = 0;          // of the length
  std::int64_t roomFrom_ = -1, roomTo_ = -1;  // as of noteRoom()
  bool roomIsOver_ = false;
  platform::Access access_ = platform::Access::read;
  bool closed_ = false;
  bool poisoned_ = false;
  Fault fault_;  // set by signal handlers, too
  int faultSerial_ = 0;  // of the one to come, or that there is

  // Guarded by `order_`.
  std::int64_t asked_ = -1;     // of the length: -1 is to the end
  bool truncate_ = false;       // to do in commit()
  std::int64_t resizeTo_ = -1;  // to do in commit()
  enum class Removal { needsUnlink, needsParentSync, removed };
  std::atomic<Removal> removal_{Removal::needsUnlink};  // which close() looks at without it

  std::atomic<bool> created_{false};  // by an open() that may still fail

  std::mutex lockMutex_;  // no call waits for the lock under it
  std::atomic<platform::Lock> lock_{platform::Lock::none};
  std::vector<HandleId> lockOwners_;  // of calls that took it; the one that open() took has none

  std::atomic<int> tellsResidency_{-1};  // whether the system tells us which pages of the file it has; -1: not asked
};

template <typename Make>
Keeper Mapping::viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end, Make make) {
  std::lock_guard<std::mutex> guard(state_);
  const auto window = findWindow(data);
  if (window == windows_.end() || end > (*window)->capacity) return nullptr;
  const auto holder = (*window)->holder(handle);
  if (holder == (*window)->holders.end()) return nullptr;
  Keeper views = holder->views.lock();
  if (!views) holder->views = views = make(holder->memory);
  return views;
}

}  // namespace fmmap
