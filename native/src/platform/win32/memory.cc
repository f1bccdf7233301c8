// Mapped memory: see platform/memory.h.
#define _CRT_RAND_S  // declares rand_s
#include <cstdlib>

#include "platform/memory.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "platform/win32/arena.h"

namespace fmmap::platform {

namespace {

Status prefetchRange(std::uint8_t* at, std::size_t length) {
  WIN32_MEMORY_RANGE_ENTRY range{at, length};
  return PrefetchVirtualMemory(self(), 1, &range, 0) ? Status{} : last("PrefetchVirtualMemory");
}

/** Takes pages out of the working set: that is what unlocking pages does that are not locked. */
void evict(std::uint8_t* at, std::size_t length) { VirtualUnlock(at, length); }

}  // namespace

const char* lacks() {
  return Arena::isPossible() ? "" : "mapping files requires Windows 10 version 1803, Windows Server 2019 or newer (VirtualAlloc2 with placeholders)";
}

// Views that replace placeholders need not start where allocations do, every 64 KiB.
std::size_t pageSize() {
  static const std::size_t size = [] {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return static_cast<std::size_t>(info.dwPageSize);
  }();
  return size;
}

bool viewsHoldFile() { return true; }

bool canMapGuests() { return false; }

// --- mapping ---

Status probe(std::size_t length) {
  const std::size_t room = length + length / 8 + (std::size_t{1} << 28);
  void* const range = VirtualAlloc(nullptr, room, MEM_RESERVE, PAGE_NOACCESS);
  if (!range) return last("VirtualAlloc");
  VirtualFree(range, 0, MEM_RELEASE);
  return {};
}

Status map(Handle file, std::int64_t offset, std::uint8_t* at, std::size_t length, Access access, MapFlags flags) {
  if (flags.hugePages) {
    return Status::make(Kind::unsupported, "MapViewOfFile3", "Windows maps files by small pages only; leave hugePages out");
  }
  const std::shared_ptr<Arena> arena = Arena::find(at);
  if (!arena) return Status::system(EFAULT, "MapViewOfFile3");
  const bool isCopy = access == Access::copy || (flags.isPrivate && access != Access::exec);
  Part part{length, Part::Kind::view, of(file), offset, isCopy ? Access::copy : access};
  part.isFrozen = isCopy && access == Access::read;
  Hold hold(arena->lock);
  return arena->put(at, part);
}

Status retire(std::uint8_t* at, std::size_t length) {
  const std::shared_ptr<Arena> arena = Arena::find(at);
  if (!arena) return {};
  Hold hold(arena->lock);
  return arena->put(at, {length, Part::Kind::zeroes});
}

Status lift(std::uint8_t* at, std::size_t length) {
  const std::shared_ptr<Arena> arena = Arena::find(at);
  if (!arena) return {};
  Hold hold(arena->lock);
  return arena->put(at, {length, Part::Kind::lifted});
}

Status probeFiller(std::size_t) { return {}; }

Status protect(std::uint8_t* at, std::size_t length, Access access) {
  const std::shared_ptr<Arena> arena = Arena::find(at);
  if (!arena) return {};
  Hold hold(arena->lock);
  return arena->protect(at, length, access);
}

void setApart(std::uint8_t*, std::size_t) {}

// --- areas: there is no limit ---

Status claimAreas(std::size_t, const char*) { return {}; }

// --- pages ---

Status flush(std::uint8_t* at, std::size_t length) {
  std::vector<Arena::View> views;
  {
    const std::shared_ptr<Arena> arena = Arena::find(at);
    if (!arena) return {};
    Hold hold(arena->lock);
    views = arena->viewsIn(at, length);
  }
  // Without the lock: this waits for the disk, and the caller keeps the window.
  for (const auto& [from, bytes, file] : views) {
    if (!FlushViewOfFile(from, bytes)) return last("FlushViewOfFile");
  }
  return views.empty() ? Status{} : sync(from(views.front().file));
}

/** The system writes dirty pages when it sees fit; there is no call that only starts it. */
Status startFlush(Handle, std::int64_t, std::int64_t) { return {}; }

Status populate(std::uint8_t* at, std::size_t length, bool) {
  prefetchRange(at, length);
  for (std::size_t offset = 0; offset < length; offset += pageSize()) {
    char byte;
    SIZE_T count = 0;  // a load could not fail
    if (!ReadProcessMemory(self(), at + offset, &byte, 1, &count)) return last("ReadProcessMemory");
  }
  return {};
}

bool isAtHand(std::uint8_t*, std::uint8_t) { return true; }

bool tellsResidency(Handle) { return true; }

Status residency(std::uint8_t* at, std::size_t length, std::uint8_t* pages) {
  constexpr std::size_t batch = 512;
  const std::size_t count = (length + pageSize() - 1) / pageSize();
  std::vector<PSAPI_WORKING_SET_EX_INFORMATION> found(std::min(batch, count));
  for (std::size_t done = 0; done < count; done += batch) {
    const std::size_t size = std::min(batch, count - done);
    for (std::size_t index = 0; index < size; ++index) found[index] = {at + (done + index) * pageSize(), {}};
    if (!K32QueryWorkingSetEx(self(), found.data(), static_cast<DWORD>(size * sizeof found[0]))) {
      return last("QueryWorkingSetEx");
    }
    for (std::size_t index = 0; index < size; ++index) pages[done + index] = found[index].VirtualAttributes.Valid ? 1 : 0;
  }
  return {};
}

Status lockMemory(std::uint8_t* at, std::size_t length, bool lock) {
  if (!lock) {
    evict(at, length);
    return {};
  }
  if (VirtualLock(at, length)) return {};
  return last("VirtualLock", "a process may lock little less than its minimum working set (SetProcessWorkingSetSize)");
}

Status advise(std::uint8_t* at, std::size_t length, Advice advice) {
  if (length == 0 && hasAdvice(advice)) return {};
  switch (advice) {
    case Advice::willneed: return prefetchRange(at, length);
    case Advice::populateRead: return populate(at, length, false);
    case Advice::dontneed:
    case Advice::cold:
    case Advice::pageout: evict(at, length); return {};
    default:
      return Status::make(Kind::unsupported, "madvise", "this system does not have this advice; ask isAdviceSupported before");
  }
}

bool hasAdvice(Advice advice) {
  return advice == Advice::willneed || advice == Advice::populateRead || advice == Advice::dontneed ||
         advice == Advice::cold || advice == Advice::pageout;
}

bool splitsAreas(Advice) { return false; }

// --- bytes ---

Status fillRandom(std::uint8_t* to, std::size_t length) {
  for (std::size_t done = 0; done < length; done += sizeof(unsigned)) {
    unsigned word = 0;
    if (const errno_t error = rand_s(&word); error != 0) return Status::system(error, "rand_s");
    std::memcpy(to + done, &word, std::min(sizeof word, length - done));
  }
  return {};
}

const std::uint8_t* find(const std::uint8_t* data, std::size_t length, const std::uint8_t* needle, std::size_t size) {
  while (length >= size) {
    const auto* const first = static_cast<const std::uint8_t*>(std::memchr(data, needle[0], length - size + 1));
    if (!first) return nullptr;
    if (std::memcmp(first, needle, size) == 0) return first;
    length -= static_cast<std::size_t>(first + 1 - data);
    data = first + 1;
  }
  return nullptr;
}

}  // namespace fmmap::platform
