// The operations that JavaScript can ask for on its own thread or on the pool. Arguments have been
// checked by packages/core, whose binding.ts types them; they are listed in their order.
#pragma once

#include "operation.h"

namespace fmmap {

// Bits of the `flags` argument of open() and memory().
enum : int {
  kWrite = 1, kAppend = 2, kTruncate = 4, kCreate = 8, kCreateNew = 16,
  kPopulate = 32, kStack = 64, kHugePages = 128, kNoReserve = 256, kAllocate = 512, kNoGuard = 1024,
};

inline platform::MapFlags mapFlags(int flags) {
  return {(flags & kPopulate) != 0, (flags & kStack) != 0, (flags & kHugePages) != 0, (flags & kNoReserve) != 0};
}

/** What a new mapping gives: its handle, its length, how far into its page it begins, and if commit() has to do something. */
inline Status opened(std::shared_ptr<Mapping> mapping, const void* environment, Outcome& outcome) {
  outcome.results[0] = static_cast<double>(mapping->length());
  outcome.results[1] = static_cast<double>(mapping->delta());
  outcome.results[2] = mapping->isPending() ? 1 : 0;
  outcome.value = static_cast<double>(registry::add(std::move(mapping), environment));
  return outcome.value != 0 ? Status{} : Status::make(Kind::closed, "open", "");
}

/** open(path, access, flags, mode, customFlags, offset, length, maxSize) */
struct Open : Unmapped {
  explicit Open(const Call& call) : environment(call.environment()) {
    const int flags = call.small(2);
    spec.path = call.path(0);
    spec.request.write = (flags & kWrite) != 0;
    spec.request.append = (flags & kAppend) != 0;
    spec.request.create = (flags & kCreate) != 0;
    spec.request.createNew = (flags & kCreateNew) != 0;
    spec.request.mode = call.small(3);
    spec.request.customFlags = call.small(4);
    spec.access = static_cast<platform::Access>(call.small(1));
    spec.lock = spec.access == platform::Access::write ? platform::Lock::exclusive : platform::Lock::shared;
    spec.map = mapFlags(flags);
    spec.guard = (flags & kNoGuard) == 0;
    spec.truncate = (flags & kTruncate) != 0;
    spec.allocate = (flags & kAllocate) != 0;
    spec.offset = call.integer(5);
    spec.length = call.integer(6);
    spec.maxSize = call.integer(7);
    subject = {spec.path, true, {}};
  }
  Status run(Outcome& outcome) {
    std::shared_ptr<Mapping> mapping;
    const Status status = Mapping::open(spec, &mapping);
    return status ? opened(std::move(mapping), environment, outcome) : status;
  }
  OpenSpec spec;
  Environment* environment;
};

/** memory(path, access, flags, length | data) */
struct Memory : Unmapped {
  explicit Memory(const Call& call)
      : access(static_cast<platform::Access>(call.small(1))), flags(call.small(2)), environment(call.environment()) {
    std::size_t bytes = 0;
    const bool hasData = call.value(3).IsTypedArray();
    if (hasData) data = call.bytes(3, &bytes);
    length = hasData ? static_cast<std::int64_t>(bytes) : call.integer(3);
    subject = {call.path(0), true, {}};
  }
  Status run(Outcome& outcome) {
    std::shared_ptr<Mapping> mapping;
    const Status status = Mapping::memory(subject.path, data, length, access, mapFlags(flags),
                                          (flags & kNoGuard) == 0, &mapping);
    return status ? opened(std::move(mapping), environment, outcome) : status;
  }
  platform::Access access;
  int flags;
  const std::uint8_t* data = nullptr;
  std::int64_t length;
  Environment* environment;
};

/** probe(handle, bytes) */
struct Probe : OnMapping {
  explicit Probe(const Call& call) : OnMapping(call), bytes(call.integer(1)) {}
  Status run(Outcome&) { return platform::probe(static_cast<std::size_t>(bytes)); }
  std::int64_t bytes;
};

/** map(handle, window, capacity, start, length): the length that it is mapped for; -1 asks for the present one */
struct Map : OnMapping {
  explicit Map(const Call& call)
      : OnMapping(call), capacity(call.integer(2)), start(call.integer(3)), length(call.integer(4)) {
    std::size_t size = 0;
    data = call.bytes(1, &size);
  }
  Status run(Outcome& outcome) {
    const Status status = mapping->addWindow(data, static_cast<std::size_t>(capacity), start, &length);
    if (status) registry::look(id, data);
    outcome.value = static_cast<double>(length);
    return status;
  }
  std::uint8_t* data;
  std::int64_t capacity, start, length;
};

/** commit(handle) */
struct Commit : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome&) { return mapping->commit(); }
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

/** resize(handle, size, moved); the first result is the new length */
struct Resize : OnMapping {
  explicit Resize(const Call& call) : OnMapping(call), size(call.integer(1)), moved(call.flag(2)) {}
  Status run(Outcome& outcome) {
    const Status status = mapping->resize(size, moved);
    outcome.results[0] = static_cast<double>(mapping->length());
    return status;
  }
  std::int64_t size;
  bool moved;
};

/** freeze(handle, exec) */
struct Freeze : OnMapping {
  explicit Freeze(const Call& call) : OnMapping(call), exec(call.flag(1)) {}
  Status run(Outcome&) { return mapping->freeze(exec); }
  bool exec;
};

/** extent(handle): the length that reopen() would give */
struct Extent : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome& outcome) {
    std::int64_t length = 0;
    const Status status = mapping->extent(&length);
    outcome.value = static_cast<double>(length);
    return status;
  }
};

/** reopen(handle, limit, moved); the first result is the new length */
struct Reopen : OnMapping {
  explicit Reopen(const Call& call) : OnMapping(call), limit(call.integer(1)), moved(call.flag(2)) {}
  Status run(Outcome& outcome) {
    const Status status = mapping->reopen(limit, moved);
    outcome.results[0] = static_cast<double>(mapping->length());
    return status;
  }
  std::int64_t limit;
  bool moved;
};

/** checkFault(handle) */
struct CheckFault : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome&) { return mapping->checkFault(); }
};

/** close(handle): for every handle. What is closed already is not an error. */
struct Close : OnMappingIfAny {
  using OnMappingIfAny::OnMappingIfAny;
  Status run(Outcome&) {
    if (mapping) mapping->close();
    registry::release(id);
    return {};
  }
};

/** release(handle): for this one */
struct Release : OnMappingIfAny {
  using OnMappingIfAny::OnMappingIfAny;
  Status run(Outcome&) {
    registry::release(id);
    return {};
  }
};

/** flush(handle, offset, length, wait) */
struct Flush : OnRange {
  explicit Flush(const Call& call) : OnRange(call, 1), wait(call.flag(3)) {}
  Status run(Outcome&) { return mapping->flush(offset, length, wait); }
  bool wait;
};

/** advise(handle, advice, offset, length) */
struct Advise : OnRange {
  explicit Advise(const Call& call) : OnRange(call, 2), advice(static_cast<platform::Advice>(call.small(1))) {}
  Status run(Outcome&) { return mapping->advise(advice, offset, length); }
  platform::Advice advice;
};

/** prefetch(handle, offset, length) */
struct Prefetch : OnRange {
  explicit Prefetch(const Call& call) : OnRange(call, 1) {}
  Status run(Outcome&) { return mapping->prefetch(offset, length); }
};

/** fetch(handle, offset, length) */
struct Fetch : OnRange {
  explicit Fetch(const Call& call) : OnRange(call, 1) {}
  Status run(Outcome&) { return mapping->fetch(offset, length); }
};

/** lockMemory(handle, offset, length, lock) */
struct LockMemory : OnRange {
  explicit LockMemory(const Call& call) : OnRange(call, 1), lock(call.flag(3)) {}
  Status run(Outcome&) { return mapping->lockMemory(offset, length, lock); }
  bool lock;
};

/** lock(handle, kind, wait): 1 if it is ours now */
struct Lock : OnMapping {
  explicit Lock(const Call& call)
      : OnMapping(call), kind(static_cast<platform::Lock>(call.small(1))), wait(call.flag(2)) {}
  Status run(Outcome& outcome) {
    bool acquired = true;
    const Status status =
        kind == platform::Lock::none ? mapping->unlockFile() : mapping->lockFile(kind, wait, &acquired);
    outcome.value = acquired ? 1 : 0;
    return status;
  }
  platform::Lock kind;
  bool wait;
};

/** writeToNewFile(handle, path, offset, length) */
struct WriteToNewFile : OnRange {
  explicit WriteToNewFile(const Call& call) : OnRange(call, 2) { subject.destination = call.path(1); }
  Status run(Outcome&) { return mapping->writeToNewFile(subject.destination, offset, length); }
};

/** remove(handle) */
struct Remove : OnMapping {
  using OnMapping::OnMapping;
  Status run(Outcome&) { return mapping->remove(); }
};

/** syncDirectory(path) */
struct SyncDirectory : Unmapped {
  explicit SyncDirectory(const Call& call) { subject = {call.path(0), true, {}}; }
  Status run(Outcome&) {
    platform::Handle directory = platform::kNoHandle;
    if (Status status = platform::openDirectory(subject.path, &directory); !status) return status;
    const Status status = platform::syncDirectory(directory);
    platform::close(directory);
    return status;
  }
};

}  // namespace fmmap
