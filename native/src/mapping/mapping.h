// A mapped file: one state machine over the file (File) and the windows through which the process sees it (WindowSet).
//
// Two locks keep threads apart (docs/architecture.md, "Threads"):
//
// * `order_` is for what may wait for a disk: uses of the mapping run side by side, changes run alone.
// * `state_` guards the fields. It is never held during a system call that may wait, so every thread, that of an event loop
//   included, may take it at any time. The file and the windows are given a reference to it.
//
// A thread that takes both takes `order_` first; the lock of the file (file.h) is between them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mapping/blocks.h"
#include "mapping/file.h"
#include "mapping/reader-writer-lock.h"
#include "mapping/window-set.h"

namespace fmmap {

/** The largest safe integer of JavaScript, 2^53-1: no file is mapped past it. */
constexpr std::int64_t kMaxOffset = 9007199254740991;

struct OpenSpec {
  platform::Place place;
  platform::OpenRequest request;
  platform::Access access = platform::Access::read;
  platform::Lock lock = platform::Lock::shared;
  platform::MapFlags map;
  bool guard = true;
  bool detach = false;
  bool truncate = false;
  Blocks blocks = Blocks::late;
  bool waits = false;         // for the lock, by trying again
  std::int64_t offset = 0;
  std::int64_t length = -1;   // -1: to the end
  std::int64_t maxSize = 0;   // of a file that is new, empty or truncated
  std::int64_t minSize = 0;   // of any
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
  bool beingCut = false;  // by a thread whose cut has not reached the file yet
  int changes = 0;        // of the length, counted
};

/** A range that stays in memory, and the file that it shows. */
struct Pinned {
  std::vector<Piece> pieces;
  std::int64_t length = 0;
  OpenFilePtr file;
  int changes = 0;  // of the length, as of MappingState
};

class Mapping : public std::enable_shared_from_this<Mapping> {
 public:
  // --- open.cc: open() finds the range to map; its windows are added, and commit() then changes the file as was asked ---
  static Status open(const OpenSpec& spec, std::shared_ptr<Mapping>* mapping);
  static Status memory(const OpenSpec& spec, const std::uint8_t* data, std::int64_t length,
                       std::shared_ptr<Mapping>* mapping);
  Status commit(HandleId handle);
  /** Whether commit() has anything to do. */
  bool isPending() const { return isSizing() || file_.isNew() || populate_ || file_.lockState() != keepLock_; }
  /** Undoes an open() that was not committed. */
  void abandon();
  ~Mapping() { close(); }

  // --- handles ---
  /** False once it is closed. */
  bool join(HandleId handle);
  /** Removes a handle, with its windows and its lock. @returns Whether it was the last one, which closes the mapping. */
  bool leave(HandleId handle);
  /** The owner of a handle is gone, and only views are left: takes away what none of them needs. */
  void leaveViews(HandleId handle);

  // --- windows ---
  WindowSet& windows() { return windows_; }
  /** Maps a new window for `*length` visible bytes; -1 asks for the present length, and gets it. */
  Status addWindow(WindowSet::NewWindow window, std::int64_t* length);
  /** Has another handle look through the window at `data`, if there is one, and tells where it starts. */
  void shareWindow(HandleId handle, const std::uint8_t* data, std::size_t size, Keeper memory, std::int64_t* start);
  void protectGuests(const std::uint8_t* from, const std::uint8_t* to);
  Status unlockMemory(std::int64_t offset, std::int64_t length);
  template <typename Make>
  Keeper viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end, Make make) {
    std::lock_guard<std::mutex> guard(state_);
    return windows_.viewsOf(handle, data, end, make);
  }
  /** For PinnedRange. `isLeft`: a range that was cut off meanwhile is made shorter, and is not an error. */
  Status pin(HandleId handle, const char* syscall, std::int64_t offset, std::int64_t length, bool isLeft, Pinned* pinned);
  /** Whether the length has not changed since, and no thread is about to change it. */
  bool isUnchanged(int changes) const;

  // --- state ---
  MappingState state() const;
  /** Like state(), but finds out whether a cut in progress has reached the file. */
  MappingState stateNow();
  /** Ok, and the file, if nothing has befallen the mapping. */
  Status usable(const char* syscall, OpenFilePtr* file) const;
  /** Likewise, if the range is still there. */
  Status requireRange(const char* syscall, std::int64_t offset, std::int64_t length) const;
  /** Likewise, after a look at the file: it may be shorter than what is mapped of it, which then is a fault. */
  Status check(const char* syscall);
  void markFault(Why why, std::int64_t offset);
  void poison();
  /** Makes it read-only. Waits for no disk, so it runs on the caller's thread, whose stores must not meet it half done. */
  Status freeze(bool exec);
  /**
   * Waits for nothing: work in flight ends without the file. Windows of `hidden` alone, which has views but looks at no flag
   * any more, become zeroes as a whole, footers included, and so one area with others of the kind.
   */
  void close(HandleId hidden = 0);

  // --- resize.cc ---
  Status resize(HandleId handle, std::int64_t size);
  /** Grows the file by space, with blocks, for what is yet to be written; does not wait for the disk. */
  Status makeRoom(HandleId handle, std::int64_t size);
  /**
   * Of the `to` mapped bytes of the file, those from `from` on are such space, which is cut off when the mapping ends. Not if
   * the file has been given another size meanwhile.
   */
  void noteRoom(std::int64_t from, std::int64_t to);
  /** Cuts it off now, whatever has befallen the mapping. `isLast`: no more can be made after that. */
  Status cutRoom(bool isLast);
  /** Maps the open file as it is now: the end of a fault. */
  Status reopen();

  // --- the file ---
  const File& file() const { return file_; }
  Status lock(HandleId handle, platform::Lock kind, LockClaim claim, bool* acquired);
  Status unlock(HandleId handle) { return file_.unlock(handle); }
  Status remove();
  /** Gives the path of its file to another one. */
  Status replace(const std::function<Status()>& change);
  void finishRemoval() { file_.finishRemoval(); }
  /** Whether the system says which pages of the file are in memory. */
  bool tellsResidency(const OpenFilePtr& file) const;

  // --- what does not change ---
  /** Taken shared by what uses the file, exclusively by what changes it. */
  ReaderWriterLock& order() { return order_; }
  std::int64_t offset() const { return offset_; }
  std::int64_t delta() const { return windows_.traits().delta; }
  bool isMemory() const { return file_.isMemory(); }
  bool isPrivate() const { return windows_.traits().isPrivate; }
  bool isGuarded() const { return windows_.traits().isGuarded; }
  bool detaches() const { return detach_; }

 private:
  Mapping() = default;

  // With `state_` held:
  Status usable(const char* syscall) const;
  /** Likewise, if the range is still there. */
  Status usableRange(const char* syscall, std::int64_t offset, std::int64_t length) const;
  /** Not closed and not poisoned; a fault may be about to be repaired. */
  Status changeable() const;
  MappingState stateOf() const;
  bool isJoined(HandleId handle) const;
  std::int64_t faultOffset() const { return std::max<std::int64_t>(fault_.offset() - offset_, 0); }
  /** The length, as far as it is certain: less while the file is being cut. */
  std::int64_t certainLength() const { return cutTo_ >= 0 ? cutTo_ : length_; }
  /** What threads are to see: the old length until the cut has reached the file, so that one that fails takes nothing. */
  std::int64_t shownLength() const { return cutTo_ >= 0 && fault_.isCut() ? cutTo_ : length_; }
  /** Poisons it: views stay, but the handles give out nothing more. */
  void spoil();

  // Without it:
  /**
   * Runs a change of the file that the system may refuse while pages are mapped. Threads that touch one meanwhile wait.
   * `isCut`: it may make the file shorter, which otherwise is a fault.
   */
  Status withoutViews(const std::function<Status()>& change, bool isCut = false);

  // open.cc
  static Status outside(const char* argument, std::int64_t asked, std::int64_t size, const char* remedy);
  static Status tryOpen(const OpenSpec& spec, std::shared_ptr<Mapping>* mapping, bool* moved);
  Status prepare(const OpenSpec& spec, bool* moved);
  Status inspect(const OpenSpec& spec, bool* moved);
  Status setRange(const OpenSpec& spec, std::int64_t size);
  void setUp(const OpenSpec& spec);
  bool isSizing() const { return truncate_ || resizeTo_ >= 0; }
  Status commitSize(platform::Handle file, std::int64_t* before);
  void populate(HandleId handle);

  // resize.cc
  Status changeSize(HandleId handle, std::int64_t size, bool isRoom, OpenFilePtr* file);
  void zeroTail(HandleId handle, std::int64_t size);
  /** Of a file that no thread looks at through a window, or that is faulted. */
  void cutRoomOf(const OpenFilePtr& file);

  ReaderWriterLock order_;
  mutable std::mutex state_;

  // Fixed once it is open.
  std::int64_t offset_ = 0;
  bool detach_ = false;  // views are detached on close, which JavaScript does
  Blocks blocks_ = Blocks::late;
  bool populate_ = false;                           // to do in commit()
  platform::Lock keepLock_ = platform::Lock::none;  // once commit() is done

  // These have locks of their own, and a reference to `state_`.
  File file_{state_};
  Fault fault_;  // set by signal handlers, too; otherwise guarded by `state_`
  WindowSet windows_{state_, fault_};

  // Guarded by `state_`.
  std::vector<HandleId> handles_;
  std::int64_t length_ = 0;
  std::int64_t cutTo_ = -1;  // the length that the file is being cut to, while other threads may look at it
  int changes_ = 0;          // of the length
  std::int64_t roomFrom_ = -1, roomTo_ = -1;  // as of noteRoom()
  bool roomIsOver_ = false;
  std::atomic<bool> closed_{false};  // may be read without it
  bool poisoned_ = false;
  int faultSerial_ = 0;  // of the present fault, or of the next one

  // Guarded by `order_`.
  std::int64_t asked_ = -1;     // the length; -1 is to the end
  bool truncate_ = false;       // to do in commit()
  std::int64_t resizeTo_ = -1;  // to do in commit()

  mutable std::atomic<int> tellsResidency_{-1};  // -1: not asked yet
};

}  // namespace fmmap
