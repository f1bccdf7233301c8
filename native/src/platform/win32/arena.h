// The addresses of a window: a range of placeholders (VirtualAlloc2), in which views of files and zeroes lie side by side.
//
//   [ view of the file |  view  | zeroes, committed as they are touched | footer ]
//
// Windows maps and unmaps views as a whole, so changing a part of one maps what is left of it again. Until that is done, other
// threads that touch it wait in the exception handler (guard.cc), for the arena's lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "platform/win32/internal.h"

namespace fmmap::platform {

struct GuardedRange;

/** Once in a process, before there is an arena (guard.cc). */
void installHandler();

/** Holds a Windows lock for a scope. */
class Hold {
 public:
  explicit Hold(SRWLOCK& lock) : lock_(lock) { AcquireSRWLockExclusive(&lock_); }
  ~Hold() { ReleaseSRWLockExclusive(&lock_); }
  Hold(const Hold&) = delete;

 private:
  SRWLOCK& lock_;
};

struct Part {
  enum class Kind { none, zeroes, view, lifted };
  std::size_t length;
  Kind kind = Kind::none;
  HANDLE file = nullptr;  // of a view
  std::int64_t offset = 0;
  Access access = Access::read;
  bool isFrozen = false;  // private pages that may no longer be stored to
};

/** What a view is to be made of. */
struct Section {
  HANDLE handle = nullptr;
  std::size_t length = 0;  // bytes of the part that the file has: fewer only in its last page
};

/** A private page that is to survive the unmapping of its view. */
struct SavedPage {
  std::uint8_t* at;
  std::vector<std::uint8_t> bytes;
};

class Arena {
 public:
  /** Whether this Windows has placeholders: from Windows 10 1803 on. */
  static bool isPossible();
  /** Fails if the process has no such range of addresses. */
  static Status reserve(std::size_t length, std::shared_ptr<Arena>* arena);
  /** The arena around an address, or null. */
  static std::shared_ptr<Arena> find(const std::uint8_t* address);
  ~Arena();
  Arena(const Arena&) = delete;

  /** Frees it once its memory is no longer in use. */
  void release();

  std::uint8_t* data() const { return base_; }

  SRWLOCK lock = SRWLOCK_INIT;
  // With `lock` held:
  GuardedRange* guarded = nullptr;
  /** Puts a part at an address. A view that cannot be made leaves everything as it was, if that is known beforehand. */
  Status put(std::uint8_t* at, const Part& part);
  /** Changes the protection of the views in a range. */
  Status protect(std::uint8_t* at, std::size_t length, Access access);
  /** Shows the same parts of files by views whose pages become private when they are stored to. */
  Status putCopies(std::uint8_t* at, std::size_t length);
  /** For views that are private already, and were made read-only. */
  Status permitStores(std::uint8_t* at, std::size_t length);
  struct View {
    std::uint8_t* at;
    std::size_t length;
    HANDLE file;
  };
  std::vector<View> viewsIn(std::uint8_t* at, std::size_t length);
  Part::Kind kindAt(const std::uint8_t* address) { return partAt(placeOf(address))->second.kind; }
  /** Commits zeroes around an address. False if there are none. */
  bool commit(const std::uint8_t* address);

 private:
  explicit Arena(std::size_t size) : size_(size) {}

  using Parts = std::map<std::size_t, Part>;
  std::size_t placeOf(const std::uint8_t* at) const { return static_cast<std::size_t>(at - base_); }
  Parts::iterator partAt(std::size_t place) { return std::prev(parts_.upper_bound(place)); }
  bool clear(std::size_t place, Part& part);
  Status fill(std::size_t place, const Part& part, const Section& section);
  template <typename Visit>
  Status eachView(std::uint8_t* at, std::size_t length, Visit visit);

  std::uint8_t* base_ = nullptr;
  const std::size_t size_;
  Parts parts_;                    // by place, side by side, without gaps
  std::vector<SavedPage> lifted_;  // of parts that are lifted, for when they are mapped again
};

/** Whether a load or a store at an address would succeed now. */
bool isAllowed(const std::uint8_t* address, bool store);

}  // namespace fmmap::platform
