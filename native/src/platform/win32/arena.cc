// The addresses of a window: see platform/win32/arena.h.
#include "platform/win32/arena.h"

#include <algorithm>
#include <cstring>
#include <iterator>

namespace fmmap::platform {

namespace {

// Flags of VirtualAlloc2 and its like, which older headers lack.
constexpr ULONG kReserve = 0x40000;   // MEM_RESERVE_PLACEHOLDER
constexpr ULONG kReplace = 0x4000;    // MEM_REPLACE_PLACEHOLDER
constexpr ULONG kPreserve = 0x2;      // MEM_PRESERVE_PLACEHOLDER
constexpr ULONG kCoalesce = 0x1;      // MEM_COALESCE_PLACEHOLDERS

// From Windows 10 1803 on, so looked up by name: the addon is to load, and to say what is missing, on older ones.
struct Api {
  using Allocate = PVOID(WINAPI*)(HANDLE, PVOID, SIZE_T, ULONG, ULONG, void*, ULONG);
  using Map = PVOID(WINAPI*)(HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, void*, ULONG);
  using Unmap = BOOL(WINAPI*)(HANDLE, PVOID, ULONG);
  Allocate allocate = functionOf<Allocate>(L"kernelbase.dll", "VirtualAlloc2");
  Map map = functionOf<Map>(L"kernelbase.dll", "MapViewOfFile3");
  Unmap unmap = functionOf<Unmap>(L"kernelbase.dll", "UnmapViewOfFile2");
};

const Api& api() {
  static const Api api;
  return api;
}

void* placeholder(std::size_t length) {
  return api().allocate(self(), nullptr, length, MEM_RESERVE | kReserve, PAGE_NOACCESS, nullptr, 0);
}

/** The most that a view may ever allow: a later VirtualProtect cannot exceed it. */
DWORD mostOf(Access access) {
  switch (access) {
    case Access::read: return PAGE_READONLY;
    case Access::exec: return PAGE_EXECUTE_READ;
    case Access::write: return PAGE_READWRITE;
    case Access::copy: return PAGE_WRITECOPY;
  }
  return PAGE_NOACCESS;
}

/** Stores through a section that may only be read never reach the file, whatever becomes of its views. */
DWORD sectionOf(Access access) {
  switch (access) {
    case Access::exec: return PAGE_EXECUTE_READ;
    case Access::write: return PAGE_READWRITE;
    default: return PAGE_READONLY;
  }
}

struct Arenas {
  SRWLOCK lock = SRWLOCK_INIT;
  std::map<const std::uint8_t*, std::shared_ptr<Arena>> all;
};

Arenas& arenas() {
  static auto* const one = new Arenas();  // environments may end after static destructors
  return *one;
}

/** A section of what the file has now, for a part of it. */
Status makeSection(const Part& part, Section* section) {
  if (part.kind != Part::Kind::view || part.length == 0) return {};
  LARGE_INTEGER end{};
  if (!GetFileSizeEx(part.file, &end)) return last("fstat");
  const std::int64_t left = end.QuadPart - part.offset;
  const std::int64_t length = static_cast<std::int64_t>(part.length);
  if (left <= length - static_cast<std::int64_t>(pageSize())) {
    return failure(ERROR_HANDLE_EOF, "MapViewOfFile3", "the file is shorter than what is to be mapped of it");
  }
  section->length = static_cast<std::size_t>(std::min(left, length));
  section->handle = CreateFileMappingW(part.file, nullptr, sectionOf(part.access), 0, 0, nullptr);
  return section->handle ? Status{} : last("CreateFileMapping");
}

/** The pages of a copy-on-write view that were stored to. Other threads cannot store to them until the view is gone. */
void savePrivate(std::uint8_t* at, std::size_t length, std::vector<SavedPage>* saved) {
  constexpr std::size_t batch = 512;
  std::vector<PSAPI_WORKING_SET_EX_INFORMATION> found(batch);
  const std::size_t page = pageSize();
  DWORD before;
  VirtualProtect(at, length, PAGE_READONLY, &before);
  for (std::size_t done = 0; done < length; done += batch * page) {
    const std::size_t count = std::min(batch, (length - done + page - 1) / page);
    for (std::size_t index = 0; index < count; ++index) found[index] = {at + done + index * page, {}};
    const auto bytes = static_cast<DWORD>(count * sizeof found[0]);
    if (!K32QueryWorkingSetEx(self(), found.data(), bytes)) continue;
    for (std::size_t index = 0; index < count; ++index) {
      const auto& attributes = found[index].VirtualAttributes;
      auto* const address = static_cast<std::uint8_t*>(found[index].VirtualAddress);
      if (attributes.Valid ? attributes.Shared : attributes.Invalid.Shared) continue;
      SavedPage one{address, std::vector<std::uint8_t>(page)};
      SIZE_T copied = 0;
      if (ReadProcessMemory(self(), address, one.bytes.data(), page, &copied)) saved->push_back(std::move(one));
    }
  }
}

}  // namespace

// --- arenas ---

bool Arena::isPossible() {
  if (!api().allocate || !api().map || !api().unmap) return false;
  void* const range = placeholder(pageSize());  // there may be the function, but not this use of it
  if (range) VirtualFree(range, 0, MEM_RELEASE);
  return range != nullptr;
}

Status Arena::reserve(std::size_t length, std::shared_ptr<Arena>* arena) {
  std::shared_ptr<Arena> made(new Arena(length));
  made->base_ = static_cast<std::uint8_t*>(placeholder(length));
  if (!made->base_) return last("VirtualAlloc2");
  made->parts_[0] = {length};
  // The footer is a part of its own, which no change of the others touches.
  const std::size_t rest = length - pageSize();
  Status status = made->put(made->base_ + rest, {pageSize(), Part::Kind::zeroes});
  if (status) status = made->put(made->base_, {rest, Part::Kind::zeroes});
  if (!status) return status;
  // At once, for the flag there must never fail.
  if (!VirtualAlloc(made->base_ + rest, pageSize(), MEM_COMMIT, PAGE_READWRITE)) return last("VirtualAlloc");
  Arenas& all = arenas();
  Hold hold(all.lock);
  all.all[made->base_] = made;
  *arena = std::move(made);
  return {};
}

std::shared_ptr<Arena> Arena::find(const std::uint8_t* address) {
  Arenas& all = arenas();
  AcquireSRWLockShared(&all.lock);
  std::shared_ptr<Arena> found;
  const auto next = all.all.upper_bound(address);
  if (next != all.all.begin()) {
    const std::shared_ptr<Arena>& arena = std::prev(next)->second;
    if (address < arena->base_ + arena->size_) found = arena;
  }
  ReleaseSRWLockShared(&all.lock);
  return found;
}

void Arena::release() {
  std::shared_ptr<Arena> last;  // whose destructor runs without the lock
  Arenas& all = arenas();
  Hold hold(all.lock);
  const auto found = all.all.find(base_);
  if (found == all.all.end()) return;
  last = std::move(found->second);
  all.all.erase(found);
}

Arena::~Arena() {
  for (const auto& [place, part] : parts_) {
    if (part.kind == Part::Kind::view) api().unmap(self(), base_ + place, 0);
    else VirtualFree(base_ + place, 0, MEM_RELEASE);
  }
}

// --- parts ---

/** Leaves a placeholder. */
bool Arena::clear(std::size_t place, Part& part) {
  const Part::Kind kind = part.kind;
  part.kind = Part::Kind::none;
  if (kind == Part::Kind::none || kind == Part::Kind::lifted) return true;
  if (kind == Part::Kind::view) return api().unmap(self(), base_ + place, kPreserve) != 0;
  return VirtualFree(base_ + place, part.length, MEM_RELEASE | kPreserve) != 0;
}

Status Arena::fill(std::size_t place, const Part& part, const Section& section) {
  std::uint8_t* const at = base_ + place;
  if (part.kind == Part::Kind::none || part.kind == Part::Kind::lifted) return {};
  if (part.kind == Part::Kind::zeroes) {
    constexpr DWORD how = MEM_RESERVE | kReplace;  // not committed, so that it is charged to nobody
    const bool isDone = api().allocate(self(), at, part.length, how, PAGE_READWRITE, nullptr, 0) != nullptr;
    return isDone ? Status{} : last("VirtualAlloc2");
  }
  // A view ends with its section, in the middle of the file's last page if need be.
  for (const std::size_t length : {section.length, part.length}) {
    const auto offset = static_cast<ULONG64>(part.offset);
    if (api().map(section.handle, self(), at, offset, length, kReplace, mostOf(part.access), nullptr, 0)) return {};
  }
  return last("MapViewOfFile3");
}

template <typename Visit>
Status Arena::eachView(std::uint8_t* at, std::size_t length, Visit visit) {
  const std::size_t start = placeOf(at), end = start + length;
  for (auto part = partAt(start); part != parts_.end() && part->first < end; ++part) {
    if (part->second.kind != Part::Kind::view) continue;
    const std::size_t from = std::max(start, part->first);
    const std::size_t to = std::min(end, part->first + part->second.length);
    if (Status status = visit(base_ + from, to - from, part->second); !status) return status;
  }
  return {};
}

Status Arena::put(std::uint8_t* at, const Part& part) {
  const std::size_t start = placeOf(at), end = start + part.length;
  const auto first = partAt(start), stop = parts_.lower_bound(end);
  const auto lastOne = std::prev(stop);
  const std::size_t low = first->first, high = lastOne->first + lastOne->second.length;
  Part left = first->second, right = lastOne->second;
  left.length = start - low;
  right.length = high - end;
  if (right.kind == Part::Kind::view) right.offset += static_cast<std::int64_t>(end - lastOne->first);

  // First what may fail, with nothing changed yet.
  Section sections[3];
  const Part* const made[3] = {&left, &part, &right};
  Status status;
  for (int index = 0; index < 3 && status; ++index) status = makeSection(*made[index], &sections[index]);
  const auto closeAll = [&] {
    for (const Section& section : sections) {
      if (section.handle) CloseHandle(section.handle);
    }
  };
  if (!status) return closeAll(), status;

  // Of what is lifted private pages come back with its view; anything else takes their place for good.
  const auto isCovered = [&](const SavedPage& page) { return page.at >= at && page.at < at + part.length; };
  const auto kept = std::partition(lifted_.begin(), lifted_.end(), [&](const SavedPage& page) { return !isCovered(page); });
  std::vector<SavedPage> saved;
  if (part.kind == Part::Kind::view) saved.assign(std::make_move_iterator(kept), std::make_move_iterator(lifted_.end()));
  if (part.kind != Part::Kind::lifted) lifted_.erase(kept, lifted_.end());
  if (part.kind == Part::Kind::lifted) {
    eachView(at, part.length, [&](std::uint8_t* from, std::size_t bytes, Part& view) -> Status {
      if (view.access == Access::copy) savePrivate(from, bytes, &lifted_);
      return {};
    });
  }
  if (left.length > 0 && left.kind == Part::Kind::view && left.access == Access::copy) {
    savePrivate(base_ + low, left.length, &saved);
  }
  if (right.length > 0 && right.kind == Part::Kind::view && right.access == Access::copy) {
    savePrivate(base_ + end, right.length, &saved);
  }

  // One placeholder for all of it, then one for each part that is to be.
  bool isDone = true;
  for (auto old = first; old != stop; ++old) isDone = clear(old->first, old->second) && isDone;
  if (std::next(first) != stop) {
    isDone = VirtualFree(base_ + low, high - low, MEM_RELEASE | kCoalesce) && isDone;
  }
  parts_.erase(first, stop);
  const auto split = [&](std::size_t from, std::size_t to) {
    isDone = VirtualFree(base_ + from, to - from, MEM_RELEASE | kPreserve) && isDone;
  };
  if (left.length > 0) split(low, start);
  if (right.length > 0) split(start, end);
  if (!isDone) status = last("VirtualFree");
  const std::size_t places[3] = {low, start, end};
  for (int index = 0; index < 3; ++index) {
    Part settled = *made[index];
    if (settled.length == 0) continue;
    if (const Status filled = fill(places[index], settled, sections[index]); !filled) {
      if (status) status = filled;
      settled = {settled.length, Part::Kind::zeroes};
      fill(places[index], settled, {});
    }
    parts_[places[index]] = settled;
  }
  closeAll();
  for (const SavedPage& page : saved) {
    SIZE_T copied = 0;
    WriteProcessMemory(self(), page.at, page.bytes.data(), page.bytes.size(), &copied);
  }
  for (const std::size_t place : places) {
    const auto one = parts_.find(place);
    DWORD before;
    if (one == parts_.end() || !one->second.isFrozen) continue;
    if (!VirtualProtect(base_ + place, one->second.length, PAGE_READONLY, &before) && status) status = last("VirtualProtect");
  }
  return status;
}

Status Arena::protect(std::uint8_t* at, std::size_t length, Access access) {
  // Whether pages may ever be executed depends on their section.
  std::vector<std::pair<std::uint8_t*, Part>> again;
  const Status status = eachView(at, length, [&](std::uint8_t* from, std::size_t bytes, Part& part) -> Status {
    if (access == Access::exec) {
      if (part.access == Access::copy) {
        return Status::make(Kind::unsupported, "VirtualProtect",
                            "Windows cannot make a copy-on-write mapping executable; open the file with MmapFile.openExec");
      }
      Part made = part;
      made.length = bytes;
      made.offset += from - (base_ + partAt(placeOf(from))->first);
      made.access = access;
      again.emplace_back(from, made);
      return {};
    }
    DWORD before;
    const DWORD wanted = access == Access::write ? PAGE_READWRITE : access == Access::copy ? PAGE_WRITECOPY : PAGE_READONLY;
    if (!VirtualProtect(from, bytes, wanted, &before)) return last("VirtualProtect");
    if (part.access == Access::copy) part.isFrozen = access == Access::read;
    else part.access = access;
    return {};
  });
  if (!status) return status;
  for (const auto& [from, part] : again) {
    if (Status mapped = put(from, part); !mapped) return mapped;
  }
  return {};
}

Status Arena::putCopies(std::uint8_t* at, std::size_t length) {
  std::vector<std::pair<std::uint8_t*, Part>> copies;
  eachView(at, length, [&](std::uint8_t* from, std::size_t bytes, Part& part) -> Status {
    Part made = part;
    made.length = bytes;
    made.offset += from - (base_ + partAt(placeOf(from))->first);
    made.access = Access::copy;
    copies.emplace_back(from, made);
    return {};
  });
  for (const auto& [from, part] : copies) {
    if (Status status = put(from, part); !status) return status;
  }
  return {};
}

Status Arena::permitStores(std::uint8_t* at, std::size_t length) {
  return eachView(at, length, [](std::uint8_t* from, std::size_t bytes, Part& part) {
    DWORD before;
    part.isFrozen = false;
    return VirtualProtect(from, bytes, PAGE_WRITECOPY, &before) ? Status{} : last("VirtualProtect");
  });
}

std::vector<Arena::View> Arena::viewsIn(std::uint8_t* at, std::size_t length) {
  std::vector<View> views;
  eachView(at, length, [&](std::uint8_t* from, std::size_t bytes, Part& part) -> Status {
    views.push_back({from, bytes, part.file});
    return {};
  });
  return views;
}

bool Arena::commit(const std::uint8_t* address) {
  constexpr std::size_t unit = 1 << 16;  // fewer faults than page by page
  const std::size_t place = placeOf(address);
  const auto part = partAt(place);
  if (part->second.kind != Part::Kind::zeroes) return false;
  const std::size_t from = std::max(place / unit * unit, part->first);
  const std::size_t to = std::min((place / unit + 1) * unit, part->first + part->second.length);
  return VirtualAlloc(base_ + from, to - from, MEM_COMMIT, PAGE_READWRITE) != nullptr;
}

bool isAllowed(const std::uint8_t* address, bool store) {
  MEMORY_BASIC_INFORMATION info{};
  if (VirtualQuery(address, &info, sizeof info) == 0 || info.State != MEM_COMMIT) return false;
  switch (info.Protect & 0xff) {
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
    case PAGE_EXECUTE_READWRITE:
    case PAGE_EXECUTE_WRITECOPY: return true;
    case PAGE_READONLY:
    case PAGE_EXECUTE_READ: return !store;
    default: return false;
  }
}

}  // namespace fmmap::platform
