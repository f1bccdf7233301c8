// A range of addresses through which the process sees a part of a file.
//
//   file      |.........|======= visible =======|......|
//             0      offset               offset+length
//   window          |##|===================|0000|F|
//                   data                    capacity
//
// V8 owns the addresses (the memory of a SharedArrayBuffer). The file's pages are mapped over their start, zeroes fill what
// the file does not, and a footer page lies at their end. The footer's first byte is the flag that every typed access checks:
// 0 while the window shows the file. Once raised it stays raised, because code that checks the flag before and after an
// operation must not miss what happened in between; a handle that still needs the file makes another window.
//
// A guest is a window in the memory of WebAssembly code, for that code alone: a part of the file that keeps its place and its
// size. It has no footer, since the program's own bytes may follow, and its flag, which nothing reads, is in this object.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "mapping/handle.h"
#include "mapping/open-file.h"
#include "platform/guard.h"

namespace fmmap {

/** A handle that looks through a window. */
struct Holder {
  HandleId handle;
  Keeper memory;              // that the window lies over, and JavaScript owns
  bool isForViews = false;    // and for nothing else any more: the handle has a larger window
  std::weak_ptr<void> views{};  // what its views keep, if there are any
};

struct Window {
  std::uint8_t* data;
  std::size_t capacity;       // bytes before the footer, or of a guest; whole pages
  std::int64_t start;         // of data, counted from the mapping's first page
  OpenFilePtr file;           // the guard reads from it
  bool isGuest = false;
  std::size_t mapped = 0;     // bytes that show the file; whole pages
  std::size_t lifted = 0;     // bytes that showed it until lift(), and wait for land()
  std::int64_t madeFor = -1;  // the visible bytes of a resize() to come; -1: the present ones
  bool madeInCut = false;     // for a length that is right only if the cut succeeds
  bool hasHadViews = false;
  bool losesFooter = false;   // when it is withdrawn: nothing looks at its flag any more
  std::vector<Holder> holders;
  Keeper memory;  // of the last holder, until the window is withdrawn
  int users = 0;  // operations that have its addresses
  platform::GuardedRange* range = nullptr;

  std::vector<Holder>::iterator holder(HandleId handle) {
    return std::find_if(holders.begin(), holders.end(), [&](const Holder& holder) { return holder.handle == handle; });
  }
  bool isHeldBy(HandleId handle) { return holder(handle) != holders.end(); }
  bool isUsedBy(HandleId handle) {
    const auto found = holder(handle);
    return found != holders.end() && !found->isForViews;
  }
  void drop(HandleId handle) {
    const auto found = holder(handle);
    if (found == holders.end()) return;
    if (holders.size() == 1) memory = std::move(found->memory);
    holders.erase(found);
  }

  std::atomic<std::uint8_t>& flag() {
    return isGuest ? ownFlag_ : *reinterpret_cast<std::atomic<std::uint8_t>*>(data + capacity);
  }
  void raiseFlag() { flag().store(1); }
  void lowerFlag() { flag().store(0); }  // of a new window only

 private:
  std::atomic<std::uint8_t> ownFlag_{0};
};

/** Records that a window is at `data`, where there can be only one. */
Status claimAddresses(const std::uint8_t* data);
/** Maps zeroes over memory in which no window is any more, unless one starts there again. */
void retireUnclaimed(std::uint8_t* data, std::size_t length);
/** Maps zeroes in place of the file, guarded until no thread can fault there any more, and gives the addresses back. */
void withdraw(Window& window);

}  // namespace fmmap
