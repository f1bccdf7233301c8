// What a mapping does for its user between open and close, apart from changing size.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "mapping.h"

namespace fmmap {

namespace {

/** System calls want whole pages: grows a piece to the pages that it touches. */
struct Pages {
  std::uint8_t* at;
  std::size_t length;

  Pages(std::uint8_t* from, std::size_t bytes) {
    const std::size_t page = platform::pageSize();
    const std::size_t before = reinterpret_cast<std::uintptr_t>(from) % page;
    at = from - before;
    length = (bytes + before + page - 1) / page * page;
  }
};

/** More is not read only for it to be there, or to see if it is. */
constexpr std::size_t kMostCached = 1 << 16;

}  // namespace

Status Mapping::check(const char* syscall) {
  std::int64_t size = 0;
  if (!fault_ && !memory_ && file_ != platform::kNoHandle) {
    if (Status status = platform::size(file_, &size); !status) return status;
    if (size < offset_ + length_) markFault(Cause::truncated, std::max<std::int64_t>(size - offset_, 0));
  }
  return fault_ ? Status::fault(fault_.cause(), syscall, faultOffset()) : Status{};
}

Status Mapping::checkFault() {
  Pin pin(gate_);
  if (closed_) return Status::make(Kind::closed, "fstat", "");
  return check("fstat");
}

/** A system call that meets a page which is gone says EFAULT, or EIO, where a program gets a signal. */
Status Mapping::explain(Status status, const char* syscall, std::int64_t offset, std::int64_t length) {
  if (status.kind == Kind::system && (status.error == EFAULT || status.error == EIO)) {
    eachPiece(offset, length, [&](std::uint8_t* at, std::size_t bytes, std::int64_t from) {
      const Pages pages(at, bytes);
      for (std::size_t done = 0; done < pages.length; done += platform::pageSize()) {
        if (platform::populate(pages.at + done, platform::pageSize(), false)) continue;
        const std::int64_t page = from + static_cast<std::int64_t>(done) - (at - pages.at);
        const Cause cause = platform::causeOf(file_, offset_ + page, false);
        if (cause != Cause::none) markFault(cause, std::max(from, page));
        return status;
      }
      return Status{};
    });
  }
  const Status fault = check(syscall);
  return fault ? status : fault;
}

Status Mapping::flush(std::int64_t offset, std::int64_t length, bool wait) {
  Pin pin(gate_);
  if (Status status = usable(wait ? "msync" : "sync_file_range"); !status) return status;
  if (memory_ || private_ || length == 0) return check("fstat");
  Status status;
  if (wait) {
    status = eachPiece(offset, length, [](std::uint8_t* at, std::size_t bytes, std::int64_t) {
      const Pages pages(at, bytes);
      return platform::flush(pages.at, pages.length);
    });
  } else {
    status = platform::startFlush(file_, offset_ + offset, length);
  }
  // The system reports a lost write once, then calls the same flush a success: never ask again.
  if (!status && status.kind == Kind::system) poison();
  return status ? check("fstat") : status;
}

Status Mapping::advise(platform::Advice advice, std::int64_t offset, std::int64_t length) {
  Pin pin(gate_);
  if (Status status = usable("madvise"); !status) return status;
  if (advice == platform::Advice::dontneed && private_) {
    return Status::make(Kind::unsupported, "madvise",
                        "'dontneed' on a copy-on-write mapping would throw its changes away");
  }
  return eachPiece(offset, length, [advice](std::uint8_t* at, std::size_t bytes, std::int64_t) {
    const Pages pages(at, bytes);
    return platform::advise(pages.at, pages.length, advice);
  });
}

Status Mapping::prefetch(std::int64_t offset, std::int64_t length) {
  Pin pin(gate_);
  if (Status status = usable("madvise"); !status) return status;
  return explained("madvise", offset, length, [&] {
    return eachPiece(offset, length, [](std::uint8_t* at, std::size_t bytes, std::int64_t) {
      const Pages pages(at, bytes);
      return platform::populate(pages.at, pages.length, false);
    });
  });
}

Status Mapping::fetch(std::int64_t offset, std::int64_t length) {
  Pin pin(gate_);
  if (Status status = usable("pread"); !status) return status;
  std::uint8_t bytes[kMostCached];
  const auto size = std::min(static_cast<std::size_t>(length), sizeof bytes);
  platform::read(file_, bytes, size, offset_ + offset);
  return {};
}

/** By a system call instead of through the map, where the first touch of a page costs several times as much. */
Status Mapping::readCached(std::int64_t offset, std::uint8_t* to, std::size_t length, bool* isRead) {
  Pin pin(gate_);
  if (Status status = usable("preadv2"); !status) return status;
  *isRead = !memory_ && !private_ && seemsResident(offset, static_cast<std::int64_t>(length)) &&
            platform::readCached(file_, to, length, offset_ + offset);
  return {};
}

Status Mapping::isResident(std::int64_t offset, std::int64_t length, bool* resident) {
  Pin pin(gate_);
  if (Status status = usable("preadv2"); !status) return status;
  *resident = memory_ || seemsResident(offset, length);
  const bool isCertain = memory_ || !*resident;
  if (isCertain || (tellsResidency_ == 1 && length > static_cast<std::int64_t>(platform::pageSize()))) return {};
  std::uint8_t bytes[kMostCached];
  const auto size = static_cast<std::size_t>(length);
  *resident = size <= sizeof bytes && platform::readCached(file_, bytes, size, offset_ + offset);
  return {};
}

/** False if some of it is certainly not in memory: asking for that in another way would begin to read it. */
bool Mapping::seemsResident(std::int64_t offset, std::int64_t length) {
  if (tellsResidency_ < 0) tellsResidency_ = platform::tellsResidency(file_) ? 1 : 0;
  if (tellsResidency_ == 0) return true;
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t count = (delta_ + offset + length - 1) / page - (delta_ + offset) / page + 1;
  std::vector<std::uint8_t> found(static_cast<std::size_t>(count));
  return lookUp(offset, length, found.data()) && std::find(found.begin(), found.end(), 0) == found.end();
}

Status Mapping::residency(std::int64_t offset, std::int64_t length, std::uint8_t* out) {
  Pin pin(gate_);
  const Status status = usable("mincore");
  return status ? lookUp(offset, length, out) : status;
}

Status Mapping::lookUp(std::int64_t offset, std::int64_t length, std::uint8_t* out) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t first = (delta_ + offset) / page;
  return eachPiece(offset, length, [&](std::uint8_t* at, std::size_t bytes, std::int64_t from) {
    const Pages pages(at, bytes);
    return platform::residency(pages.at, pages.length, out + ((delta_ + from) / page - first));
  });
}

Status Mapping::lockMemory(std::int64_t offset, std::int64_t length, bool lock) {
  Pin pin(gate_);
  if (Status status = usable(lock ? "mlock" : "munlock"); !status) return status;
  if (lock) {
    return explained("mlock", offset, length, [&] {
      return eachPiece(offset, length, [](std::uint8_t* at, std::size_t bytes, std::int64_t) {
        const Pages pages(at, bytes);
        return platform::lockMemory(pages.at, pages.length, true);
      });
    });
  }
  // An outgrown window may hold the lock that it got when it was the only one.
  for (const Window& window : windows_) {
    const std::int64_t from = std::max(delta_ + offset, window.start);
    const std::int64_t to = std::min<std::int64_t>(delta_ + offset + length, window.start + window.mapped);
    if (from >= to) continue;
    const Pages pages(window.data + (from - window.start), static_cast<std::size_t>(to - from));
    if (Status status = platform::lockMemory(pages.at, pages.length, false); !status) return status;
  }
  return {};
}

/** Waits without a pin, on a duplicate of the handle: close() must not wait for somebody's lock. */
Status Mapping::lockFile(platform::Lock kind, bool wait, bool* acquired) {
  std::lock_guard<std::mutex> guard(lockMutex_);
  *acquired = true;
  platform::Handle file = platform::kNoHandle;
  {
    Pin pin(gate_);
    if (closed_) return Status::make(Kind::closed, "flock", "");
    if (memory_ || lock_ == kind) return {};
    if (lock_ != platform::Lock::none) {
      return Status::make(Kind::locked, "flock",
                          lock_ == platform::Lock::shared
                              ? "the lock is held shared and cannot be upgraded; unlock() first"
                              : "the lock is held exclusive and cannot be downgraded; unlock() first");
    }
    if (!wait) {
      Status status = platform::lock(file_, kind, false, acquired);
      if (status && *acquired) lock_ = kind;
      return status;
    }
    if (Status status = platform::duplicate(file_, &file); !status) return status;
  }
  Status status = platform::lock(file, kind, true, acquired);
  {
    Pin pin(gate_);
    if (closed_ && status) status = Status::make(Kind::closed, "flock", "");
    if (status) lock_ = kind;
  }
  platform::close(file);
  return status;
}

Status Mapping::unlockFile() {
  Pin pin(gate_);
  if (closed_) return Status::make(Kind::closed, "flock", "");
  if (memory_ || lock_ == platform::Lock::none) return {};
  bool acquired = false;
  Status status = platform::lock(file_, platform::Lock::none, false, &acquired);
  if (status) lock_ = platform::Lock::none;
  return status;
}

}  // namespace fmmap
