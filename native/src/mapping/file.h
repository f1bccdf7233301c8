// The file behind a mapping: its open handle and its place, its advisory lock, and its removal.
//
// Three locks guard it, in this order:
//
// * The mapping's `order_` guards the removal: remove() is called with it, exclusively.
// * `lockMutex_` guards the advisory lock and its owners. No call waits for the lock under it.
// * The mapping's `state_`, to which this class has a reference, guards the open handles.
//
// Until open() of the mapping returns, only one thread has it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mapping/handle.h"
#include "mapping/open-file.h"
#include "platform/directory.h"
#include "platform/file.h"
#include "platform/status.h"

namespace fmmap {

/** When a call is content with a lock that the mapping already has. */
struct LockClaim {
  bool again;  // with the one that the same handle has
  bool adopt;  // not with the one that open() took, unless it becomes the owner of that
};

/** Makes the change of a file's name durable: by its directory, or where no directory can be synced, by the file. */
Status syncNames(platform::Handle directory, platform::Handle file);

class File {
 public:
  explicit File(std::mutex& state) : state_(state) {}

  // --- opening ---
  Status open(const platform::OpenRequest& request, const platform::Place& place);
  /** A file in memory, with bytes or zeroes. */
  Status openMemory(const std::string& name, const std::uint8_t* data, std::int64_t length);
  /** Its size. `moved` says that the path leads to another file by now. */
  Status inspect(std::int64_t* size, bool* moved);
  /** Keeps a way to the file that does not depend on the working directory, or on a descriptor of the caller's. */
  Status settle();
  /** Whether open() has created it, and nothing has kept it yet. */
  bool isNew() const { return isNew_; }
  /** It is not to be undone any more. */
  void keep();
  /** Removes a file that open() has created. */
  void undo();

  // --- what does not change ---
  /** The path as the user gave it, for messages. */
  const std::string& name() const { return name_; }
  bool isMemory() const { return isMemory_; }
  /** It was opened by a descriptor, so that no path leads to it. */
  bool isNameless() const { return place_.path.empty() && !isMemory_; }

  // --- the open handles ---
  /** With `state_` held: null once it is closed. */
  const OpenFilePtr& handle() const { return open_.file; }
  /** Likewise, without it. */
  OpenFilePtr copyHandle() const;
  struct Handles {
    OpenFilePtr file;
    OpenFilePtr parent;     // the directory of a file that is new, or was just unlinked
    OpenFilePtr directory;  // that the place is relative to, if it is
  };
  /** All of them at one moment, without `state_`. */
  Handles copyHandles() const;
  /** With `state_` held: gives them all up. */
  Handles giveUp();

  // --- the advisory lock, which all handles of a mapping share. Nothing here waits for it: a caller that wants to wait tries
  // again, and so can be stopped at any time. ---
  platform::Lock lockState() const { return lock_; }
  /** Exchanges the lock that open() took for another one. If that cannot be had, there is none. */
  Status takeLock(const OpenFilePtr& file, platform::Lock kind);
  /** Tries to take it. Each call that does is an owner of its own. `isUser` says whether the handle is still one of the mapping. */
  Status lock(HandleId handle, platform::Lock kind, LockClaim claim, const std::function<bool()>& isUser, bool* acquired);
  Status unlock(HandleId handle);
  /** The handle ends: what it owns is given up. */
  void endOwner(HandleId handle);
  /** The mapping is closed: it is given up, whoever owns it. */
  void endLock(const OpenFilePtr& file);

  // --- removal: identity-checked and durable. Each failure leaves the state in which it happened, and the next call continues
  // from there. ---
  /** With `order_` held exclusively. */
  Status remove();
  /** Before closing: if remove() has unlinked the file but could not sync its directory, the last chance to do so. */
  void finishRemoval();

 private:
  /** With `lockMutex_` held. */
  Status giveLockBack(const OpenFilePtr& file);

  std::mutex& state_;

  // Fixed once it is open.
  std::string name_;
  platform::Place place_;  // absolute; or, if no absolute path leads to the file, relative to a directory that is kept open; or nowhere
  bool isMemory_ = false;

  // Guarded by `state_`.
  Handles open_;

  std::atomic<bool> isNew_{false};

  // Guarded by `lockMutex_`; lock_ may be read without it.
  std::mutex lockMutex_;
  std::atomic<platform::Lock> lock_{platform::Lock::none};
  std::vector<HandleId> lockOwners_;  // of calls that took it; the lock that open() took has none

  // Guarded by `order_`; finishRemoval() reads it without.
  enum class Removal { needsUnlink, needsParentSync, removed };
  std::atomic<Removal> removal_{Removal::needsUnlink};
};

}  // namespace fmmap
