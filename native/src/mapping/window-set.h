// The windows of a mapping: which memory shows which part of the file, and to which handle.
//
// All of it is guarded by the mapping's `state_`, to which this class has a reference: methods are called with it held, but
// for those of the last group, which take it themselves. A window is taken from the set under `state_`, and withdrawn without
// it, for that may have to wait for a signal handler.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "mapping/handle.h"
#include "mapping/piece.h"
#include "mapping/window.h"
#include "platform/memory.h"
#include "platform/status.h"

namespace fmmap {

/** What is the same for all windows of a mapping, and fixed once it is open. */
struct WindowTraits {
  platform::MapFlags flags;    // but for populate: mapping waits for no disk
  std::int64_t fileStart = 0;  // of the first page in the file
  std::int64_t delta = 0;      // of the first visible byte from there
  bool isPrivate = false;      // copy-on-write, and still so once frozen
  bool isGuarded = true;
};

class WindowSet {
 public:
  using List = std::vector<std::shared_ptr<Window>>;

  WindowSet(std::mutex& state, Fault& fault) : state_(state), fault_(fault) {}

  /** Once, while only one thread has the mapping. */
  void setUp(const WindowTraits& traits, platform::Access access) { traits_ = traits, access_ = access; }
  const WindowTraits& traits() const { return traits_; }

  // --- with `state_` held ---
  platform::Access access() const { return access_; }
  const List& all() const { return windows_; }
  /** Whether the guard serves faults in all of them. */
  bool areGuarded() const;
  /** Bytes of the pages that so many visible bytes lie in. */
  std::int64_t pagesOf(std::int64_t length) const;

  struct NewWindow {
    HandleId handle;
    std::uint8_t* data;
    std::size_t capacity;
    Keeper memory;
    std::int64_t start;
    bool isGuest;
  };
  /** Maps a window for `length` visible bytes. `madeFor` and `isCutting`: see Window. */
  Status add(NewWindow made, const OpenFilePtr& file, std::int64_t length, std::int64_t madeFor, bool isCutting);
  /** Has another handle look through the window at `data`, if there is one. Null if there is not. */
  Window* share(HandleId handle, const std::uint8_t* data, std::size_t size, Keeper memory);
  /**
   * What all views of a handle over a window keep; `make` is given the memory for the first of them. Null if the handle has
   * no such window of `end` bytes.
   */
  template <typename Make>
  Keeper viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end, Make make);

  void raiseFlags();
  /** Has a window show more of a file that now has so many visible bytes; less; or all of it anew. */
  Status grow(Window& window, std::int64_t length);
  Status shrink(Window& window, std::int64_t length);
  Status remap(Window& window, std::int64_t length);
  /** Takes the file out of all of them until land(). Threads that touch it meanwhile wait. Call waitForWithdrawals() first. */
  Status lift();
  /** Until no window is being withdrawn: as long as one is, the file is mapped there. */
  void waitForWithdrawals(std::unique_lock<std::mutex>& state);
  /**
   * Shows so many visible bytes, also in windows that were made before the file had them; or what lift() took (-1). Zeroes
   * take the place of the rest.
   */
  Status land(std::int64_t length);
  /** What may be done with the memory of all of them. `begun` says whether a failure has left some of them changed. */
  Status protect(platform::Access access, bool* begun);
  /** Guests between these addresses, which V8 has made writable, are protected again. */
  void protectGuests(const std::uint8_t* from, const std::uint8_t* to);
  /** munlock(2). An outgrown window may hold a lock that it got when it was the only one. */
  Status unlockMemory(std::int64_t offset, std::int64_t length);

  /** The pieces of a range, which stay where they are until letGo(): no guests, and no windows of other handles. */
  Status pin(HandleId handle, std::int64_t offset, std::int64_t length, std::vector<Piece>* pieces);

  /** Takes away the windows that a handle has alone, to be given to withdraw(). */
  List take(HandleId handle);
  /** Likewise, but leaves those that its views lie over. */
  List takeViewless(HandleId handle);
  /** All of them. Those that only `hidden` holds, and has had views of, lose their footers, too. */
  List takeAll(HandleId hidden);

  // --- without it ---
  /** Puts zeroes in their place. Their memory belongs to the holders, which wait for this in waitFor() and drop(). */
  void withdraw(const List& taken);
  /** Until no window of the handle is being withdrawn. */
  void waitFor(HandleId handle);
  /** The handle is done with a window. False while work in flight or views have its addresses. */
  bool drop(HandleId handle, const std::uint8_t* data);
  /** The last view of a handle over a window is gone. */
  void endViews(HandleId handle, const std::uint8_t* data);
  /** The end of a pin(). The last one withdraws windows that no handle holds any more. */
  void letGo(std::vector<Piece>* pieces);

 private:
  List::iterator find(const std::uint8_t* data);
  /** Maps what is between two places in the window. */
  Status show(const Window& window, std::size_t from, std::size_t to, platform::Access access) const;
  void extract(List::iterator window, List* taken);
  /** Those that nothing has any more. */
  List extractIdle();

  std::mutex& state_;
  Fault& fault_;
  WindowTraits traits_;
  platform::Access access_ = platform::Access::read;
  bool isLifted_ = false;
  List windows_;
  List withdrawing_;  // no longer in that list, and still in use by withdraw()
  std::condition_variable withdrawn_;
};

template <typename Make>
Keeper WindowSet::viewsOf(HandleId handle, const std::uint8_t* data, std::size_t end, Make make) {
  const auto window = find(data);
  if (window == windows_.end() || end > (*window)->capacity) return nullptr;
  const auto holder = (*window)->holder(handle);
  if (holder == (*window)->holders.end()) return nullptr;
  Keeper views = holder->views.lock();
  if (!views) {
    holder->views = views = make(holder->memory);
    (*window)->hasHadViews = true;
  }
  return views;
}

}  // namespace fmmap
