// The operations that JavaScript can run on its own thread or on the pool. Arguments have been checked by packages/core, whose
// binding.ts types them; they are listed in their order.
#pragma once

#include <cerrno>
#include <cstring>

#include "binding/operation.h"
#include "binding/view.h"
#include "mapping/copy.h"
#include "mapping/io.h"

namespace fmmap {

// Bits of the `flags` argument of open() and memory().
enum : int {
  kWrite = 1, kAppend = 2, kTruncate = 4, kCreate = 8, kCreateNew = 16,
  kPopulate = 32, kStack = 64, kHugePages = 128, kNoReserve = 256, kAllocate = 512, kNoGuard = 1024, kDetach = 2048,
  kSharedLock = 4096, kExclusiveLock = 8192, kWaits = 16384, kZeroed = 32768,
  // Apart from the others: random numbers do not get past the lock of a file.
  kNoLock = 1 << 29, kAllFlags = 65535 | kNoLock,
};

/** What a mapping is to be: argument `first` is its access, the next one its flags. */
inline OpenSpec specOf(const Call& call, std::size_t first) {
  const int flags = call.small(first + 1, kAllFlags);
  if ((flags & ~kAllFlags) != 0) call.wrong(first + 1, "flags that there are");
  const auto has = [flags](int flag) { return (flags & flag) != 0; };
  OpenSpec spec;
  spec.request.write = has(kWrite);
  spec.request.append = has(kAppend);
  spec.request.create = has(kCreate);
  spec.request.createNew = has(kCreateNew);
  spec.access = call.one(first, platform::Access::copy);
  spec.lock = spec.access == platform::Access::write ? platform::Lock::exclusive : platform::Lock::shared;
  if (has(kSharedLock)) spec.lock = platform::Lock::shared;
  if (has(kExclusiveLock)) spec.lock = platform::Lock::exclusive;
  if (has(kNoLock)) spec.lock = platform::Lock::none;
  spec.waits = has(kWaits);
  spec.map = {has(kPopulate), has(kStack), has(kHugePages), has(kNoReserve)};
  spec.guard = !has(kNoGuard);
  spec.detach = has(kDetach);
  spec.truncate = has(kTruncate);
  spec.blocks = has(kZeroed) ? Blocks::zeroed : has(kAllocate) ? Blocks::reserved : Blocks::late;
  return spec;
}

/** What a new mapping returns: its handle, its length, how far into its page it starts, and whether commit() has anything to do. */
inline Status opened(const std::shared_ptr<Mapping>& mapping, const void* environment, Outcome& outcome) {
  outcome.results[0] = static_cast<double>(mapping->state().length);
  outcome.results[1] = static_cast<double>(mapping->delta());
  outcome.results[2] = mapping->isPending() ? 1 : 0;
  outcome.value = static_cast<double>(registry::add(mapping, environment));
  if (outcome.value != 0) return {};
  mapping->abandon();
  return Status::make(Kind::closed, "open", "");
}

/** A path in argument `path`, and in argument `directory` the descriptor that it starts from, or -1. */
inline platform::Place placeOf(const Call& call, std::size_t path, std::size_t directory) {
  const auto descriptor = static_cast<int>(call.integer(directory, -1, 0x7fffffff));
  return {call.path(path), descriptor < 0 ? platform::kNoHandle : platform::handleOf(descriptor)};
}

/**
 * open(path, access, flags, mode, customFlags, offset, length, maxSize, minSize, directory, file, accessMode?, shareMode,
 * attributes, securityQosFlags): 0 if another process has a
 * lease on the file (fcntl(2), F_SETLEASE) and was asked to give it up; -1 if the caller wants to wait for the lock, and it is
 * taken. Then it is to be called again. `file` is an open descriptor, of which `path` is only a name, or -1.
 */
struct Open : Unmapped {
  static constexpr std::size_t kSet = 3;
  explicit Open(const Call& call) : spec(specOf(call, 1)), environment(&call.environment()) {
    spec.place = placeOf(call, 0, 9);
    spec.place.file = static_cast<platform::Handle>(call.integer(10, -1, 0x7fffffff));
    spec.request.mode = call.small(3, 07777);
    spec.request.customFlags = call.bits(4);
    spec.offset = call.size(5);
    spec.length = call.sizeOrNone(6);
    spec.maxSize = call.size(7);
    spec.minSize = call.size(8);
    if (call.count() <= 11) return;
    spec.request.accessMode = call.sizeOrNone(11);
    spec.request.shareMode = call.sizeOrNone(12);
    spec.request.attributes = call.sizeOrNone(13);
    spec.request.securityQosFlags = call.sizeOrNone(14);
  }
  Subject subject() const { return {spec.place.path, true, {}}; }
  Status run(Outcome& outcome) {
    std::shared_ptr<Mapping> mapping;
    const Status status = Mapping::open(spec, &mapping);
    if (status.kind == Kind::system && status.error == EWOULDBLOCK && status.syscall == std::string("open")) return {};
    if (status.kind == Kind::locked && spec.waits) {
      outcome.value = -1;
      return {};
    }
    return status ? opened(mapping, environment, outcome) : status;
  }
  OpenSpec spec;
  Environment* environment;
};

/** memory(path, access, flags, length | data) */
struct Memory : Unmapped {
  explicit Memory(const Call& call) : spec(specOf(call, 1)), environment(&call.environment()) {
    spec.place.path = call.path(0);
    if (call.isTyped(3)) data = call.bytes(3);
    length = call.isTyped(3) ? static_cast<std::int64_t>(data.length) : call.size(3);
  }
  Subject subject() const { return {spec.place.path, true, {}}; }
  Status run(Outcome& outcome) {
    std::shared_ptr<Mapping> mapping;
    const Status status = Mapping::memory(spec, data.data, length, &mapping);
    return status ? opened(mapping, environment, outcome) : status;
  }
  OpenSpec spec;
  Environment* environment;
  Span data;
  std::int64_t length;
};

/** map(handle, window, start, length): the length that it is mapped for; -1 asks for the present one */
struct Map : OnMapping {
  explicit Map(const Call& call)
      : OnMapping(call), memory(call.pages(1)), start(call.size(2)), length(call.sizeOrNone(3)) {
    if (start % static_cast<std::int64_t>(platform::pageSize()) != 0) call.wrong(2, "where a page starts");
    if (memory.length <= platform::pageSize()) call.wrong(1, "a page or more, and one for the footer");
    if (call.isRight()) keeper = view::keep(call.env(), call.value(1));
    if (!keeper) call.wrong(1, "shared memory");
  }
  Status run(Outcome& outcome) {
    const std::size_t capacity = memory.length - platform::pageSize();
    const Status status = mapping->addWindow({id, memory.data, capacity, std::move(keeper), start, false}, &length);
    outcome.value = static_cast<double>(length);
    return status;
  }
  Span memory;
  Keeper keeper;
  std::int64_t start, length;
};

/** commit(handle) */
struct Commit : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome&) { return mapping->commit(id); }
};

/** abandon(handle) */
struct Abandon : OnMappingIfAny {
  using OnMappingIfAny::OnMappingIfAny;
  Status run(Outcome&) {
    if (mapping) mapping->abandon();
    registry::release(id);
    return {};
  }
};

/** resize(handle, size), and makeRoom(handle, size); the first result is the new length */
template <Status (Mapping::*change)(HandleId, std::int64_t)>
struct ChangeSize : OnMapping {
  static constexpr std::size_t kSet = 1;
  explicit ChangeSize(const Call& call) : OnMapping(call), size(call.size(1)) {}
  Status run(Outcome& outcome) {
    const Status status = (mapping->*change)(id, size);
    outcome.results[0] = static_cast<double>(mapping->state().length);
    return status;
  }
  std::int64_t size;
};

using Resize = ChangeSize<&Mapping::resize>;
using MakeRoom = ChangeSize<&Mapping::makeRoom>;

/** cutRoom(handle, isLast) */
struct CutRoom : OnMappingIfAny {
  explicit CutRoom(const Call& call) : OnMappingIfAny(call), isLast(call.flag(1)) {}
  Status run(Outcome&) { return mapping ? mapping->cutRoom(isLast) : Status{}; }
  bool isLast;
};

/** reopen(handle) */
struct Reopen : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome&) { return mapping->reopen(); }
};

/** checkFault(handle) */
struct CheckFault : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome&) { return mapping->check("fstat"); }
};

/** How an operation that ends a handle does it. */
enum class End { none = 0, release, close };  // of this handle, or of the mapping, for every handle

/** @param isHidden - Of a handle whose windows no code looks at any more, so that their footers may go as well. */
inline void end(Mapping* mapping, HandleId id, End how, bool isHidden) {
  if (mapping && how == End::close) {
    mapping->finishRemoval();
    mapping->close(isHidden ? id : 0);
  }
  if (how != End::none) registry::release(id);
}

/** close(handle, isHidden): for every handle. It is no error if it is closed already. */
struct Close : OnMappingIfAny {
  explicit Close(const Call& call) : OnMappingIfAny(call), isHidden(call.count() > 1 && call.flag(1)) {}
  Status run(Outcome&) { return end(mapping, id, End::close, isHidden), Status{}; }
  bool isHidden;
};

/** release(handle): for this one. */
struct Release : OnMappingIfAny {
  using OnMappingIfAny::OnMappingIfAny;
  Status run(Outcome&) { return end(mapping, id, End::release, false), Status{}; }
};

/** flush(handle, offset, length, wait) */
struct Flush : OnRange {
  explicit Flush(const Call& call) : OnRange(call, 1), wait(call.flag(3)) {}
  Status run(Outcome&) { return io::flush(*mapping, id, offset, length, wait); }
  bool wait;
};

/** advise(handle, advice, offset, length) */
struct Advise : OnRange {
  explicit Advise(const Call& call) : OnRange(call, 2), advice(call.one(1, platform::Advice::dodump)) {}
  Status run(Outcome&) { return io::advise(*mapping, id, advice, offset, length); }
  platform::Advice advice;
};

/** prefetch(handle, offset, length) */
struct Prefetch : OnRange {
  explicit Prefetch(const Call& call) : OnRange(call, 1) {}
  Status run(Outcome&) { return io::prefetch(*mapping, id, offset, length); }
};

/**
 * readMany(handle, ranges, memory): 1 if the bytes of all ranges, which are offsets each followed by a length, were copied to
 * shared memory, one after the other
 */
struct ReadMany : OnMapping {
  explicit ReadMany(const Call& call) : OnMapping(call), memory(call.shared(2, napi_uint8_array)) {
    const Span ranges = call.typed(1, napi_float64_array);
    const auto* const numbers = reinterpret_cast<const double*>(ranges.data);
    const std::size_t count = ranges.length / sizeof(double) / 2;
    std::size_t room = memory.length;
    for (std::size_t index = 0; index < count; ++index) {
      const double offset = numbers[2 * index], length = numbers[2 * index + 1];
      if (!(offset >= 0 && offset <= static_cast<double>(kMaxOffset) && length >= 0 && length <= static_cast<double>(room))) {
        call.wrong(1, "offsets and lengths of no more than the memory has room for");
        return;
      }
      parts.push_back({static_cast<std::int64_t>(offset), static_cast<std::size_t>(length)});
      room -= parts.back().length;
    }
  }
  Status run(Outcome& outcome) {
    bool isRead = false;
    const Status status = io::readMany(*mapping, parts, memory.data, &isRead);
    outcome.value = isRead ? 1 : 0;
    return status;
  }
  std::vector<io::Extract> parts;
  Span memory;
};

/** lockMemory(handle, offset, length, lock) */
struct LockMemory : OnRange {
  explicit LockMemory(const Call& call) : OnRange(call, 1), lock(call.flag(3)) {}
  Status run(Outcome&) { return io::lockMemory(*mapping, id, offset, length, lock); }
  bool lock;
};

/** lock(handle, kind, again, adopt): 1 if it is the call's now; see LockClaim */
struct Lock : OnMapping {
  explicit Lock(const Call& call)
      : OnMapping(call), kind(call.one(1, platform::Lock::exclusive)), claim{call.flag(2), call.flag(3)} {}
  Status run(Outcome& outcome) {
    bool acquired = true;
    const Status status = kind == platform::Lock::none ? mapping->unlock(id)
                                                       : mapping->lock(id, kind, claim, &acquired);
    outcome.value = acquired ? 1 : 0;
    return status;
  }
  platform::Lock kind;
  LockClaim claim;
};

/** stat(handle, numbers): into memory that every thread sees */
struct Stat : OnMapping {
  explicit Stat(const Call& call) : OnMapping(call), numbers(call.shared(1, napi_bigint64_array)) {
    if (numbers.length < sizeof(platform::FileStat)) call.wrong(1, "room for all numbers");
  }
  Status run(Outcome&) {
    platform::FileStat found;
    const Status status = io::stat(*mapping, &found);
    if (status) std::memcpy(numbers.data, &found, sizeof found);
    return status;
  }
  Span numbers;
};

/**
 * writeToNewFile(handle, path, offset, length, directory, replace): what has the path by then is left alone (-1), replaced
 * (0), or replaced if it is the file of another handle, which is that number
 */
struct WriteToNewFile : OnRange {
  explicit WriteToNewFile(const Call& call) : OnRange(call, 2), place(placeOf(call, 1, 4)) {
    const std::int64_t replace = call.sizeOrNone(5);
    Mapping* const old = replace > 0 ? call.environment().find(static_cast<HandleId>(replace)) : nullptr;
    replacing = {replace >= 0, old ? old->shared_from_this() : nullptr};
    isOldGone = replace > 0 && !old;
  }
  Subject subject() const {
    Subject subject = OnMapping::subject();
    subject.destination = place.path;
    return subject;
  }
  Status run(Outcome&) {
    if (isOldGone) return Status::make(Kind::closed, "rename", "");
    return writeToNewFile(*mapping, id, place, offset, length, replacing);
  }
  const std::shared_ptr<Mapping> self = keep();  // which finding the other one may let go of
  platform::Place place;
  Replacing replacing;
  bool isOldGone;
};

/** mapInto(handle, pages, start): shows the file there, in the memory of WebAssembly code, from its page at `start` on */
struct MapInto : OnMapping {
  explicit MapInto(const Call& call) : OnMapping(call), memory(call.pages(1)), start(call.size(2)) {
    if (start % static_cast<std::int64_t>(platform::pageSize()) != 0) call.wrong(2, "where a page starts");
    if (call.isRight()) keeper = view::keep(call.env(), call.value(1));
    if (!keeper) call.wrong(1, "shared memory");
  }
  Status run(Outcome&) {
    std::int64_t length = -1;
    return mapping->addWindow({id, memory.data, memory.length, std::move(keeper), start, true}, &length);
  }
  Span memory;
  Keeper keeper;
  std::int64_t start;
};

/** remove(handle, then): unlinks the file, syncs its directory, and if that has succeeded, ends the handle. */
struct Remove : OnMapping {
  explicit Remove(const Call& call)
      : OnMapping(call), then(call.count() > 1 ? call.one(1, End::close) : End::none) {}
  Status run(Outcome&) {
    const Status status = mapping->remove();
    if (status) end(mapping, id, then, false);
    return status;
  }
  End then;
};

/** syncDirectory(path, directory) */
struct SyncDirectory : Unmapped {
  explicit SyncDirectory(const Call& call) : place(placeOf(call, 0, 1)) {}
  Subject subject() const { return {place.path, true, {}}; }
  Status run(Outcome&) {
    platform::Handle directory = platform::kNoHandle;
    if (Status status = platform::openDirectory(place, &directory); !status) return status;
    const Status status = platform::syncDirectory(directory);
    platform::close(directory);
    return status;
  }
  platform::Place place;
};

}  // namespace fmmap
