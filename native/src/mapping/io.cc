// What a mapping does for its user between open and close, apart from changing size.
#include <algorithm>
#include <cerrno>
#include <vector>

#include "mapping/mapping.h"
#include "mapping/pinned-range.h"

namespace fmmap {

namespace {

/** More is not read only for it to be there, or to see if it is. */
constexpr std::size_t kMostCached = 1 << 16;

/** Before something that makes an area of its own of a piece, and so of what comes before and after it. */
Status claimSplit(const Piece& piece, const char* syscall) {
  const bool isWhole = piece.at == piece.window->data && piece.bytes >= piece.window->mapped;
  return isWhole ? Status{} : platform::claimAreas(2, syscall);
}

}  // namespace

// --- faults ---

Status Mapping::check(const char* syscall) {
  // The size is asked for without the lock, since that may wait. If the length changed meanwhile, it is asked again.
  for (int attempt = 0; attempt < 1000; ++attempt) {
    OpenFilePtr file;
    std::int64_t length;
    int changes;
    {
      std::lock_guard<std::mutex> guard(state_);
      if (closed_) return Status::make(Kind::closed, syscall, "");
      if (fault_) return Status::fault(fault_.why(), syscall, faultOffset());
      file = file_;
      length = certainLength();
      changes = changes_;
    }
    if (memory_) return {};
    std::int64_t size = 0;
    if (Status status = platform::size(file->handle(), &size); !status) return status;
    if (size >= offset_ + length) return {};
    {
      std::lock_guard<std::mutex> guard(state_);
      if (changes != changes_ || !fault_.set({Reason::truncated}, std::max(size, offset_))) continue;
      flagAll();
    }
    platform::reportFault();
  }
  return {};
}

/** A system call that meets a page which is gone says EFAULT, or EIO, where a program gets a signal. */
Status Mapping::explain(Status status, const char* syscall, const PinnedRange& pieces, bool store) {
  if (status.kind == Kind::system && (status.error == EFAULT || status.error == EIO)) {
    pieces.each([&](const Piece& piece) {
      const Pages pages(piece);
      for (std::size_t done = 0; done < pages.length; done += platform::pageSize()) {
        if (platform::populate(pages.at + done, platform::pageSize(), store)) continue;
        const std::int64_t page = piece.offset + static_cast<std::int64_t>(done) - (piece.at - pages.at);
        const Why why = platform::whyLost(pieces.file()->handle(), offset_ + page, store);
        // A store that is yet to come has lost nothing.
        if (store && why.reason == Reason::noSpace) return status = Status::system(ENOSPC, syscall);
        if (why) markFault(why, std::max(piece.offset, page));
        return status;
      }
      return Status{};
    });
  }
  const Status now = check(syscall);
  return now ? status : now;
}

// --- uses ---

Status Mapping::stat(platform::FileStat* stat) {
  const OpenFilePtr file = this->file();
  return file ? platform::stat(file->handle(), stat) : Status::make(Kind::closed, "fstat", "");
}

Status Mapping::flush(HandleId handle, std::int64_t offset, std::int64_t length, bool wait) {
  SharedLock order(order_);
  const char* const syscall = wait ? "msync" : "sync_file_range";
  PinnedRange pieces(*this);
  if (Status status = pieces.take(handle, syscall, offset, length); !status) return status;
  if (memory_ || private_ || length == 0) return check("fstat");
  const Status status = wait ? pieces.each([](const Piece& piece) {
    const Pages pages(piece);
    return platform::flush(pages.at, pages.length);
  })
                             : platform::startFlush(pieces.file()->handle(), offset_ + offset, length);
  // The system reports a lost write once, then calls the same flush a success: never ask again.
  if (!status && status.kind == Kind::system) poison();
  // Of a file that was closed meanwhile zeroes may have been flushed in its place.
  return status ? check(syscall) : status;
}

/** What an advice would do that nobody may want, or that the system would do in silence. */
const char* Mapping::whyNotAdvised(platform::Advice advice) const {
  using platform::Access, platform::Advice;
  const Access access = state().access;
  const bool isWritable = access == Access::write || access == Access::copy;
  switch (advice) {
    case Advice::dontneed:
      return private_ ? "'dontneed' on a copy-on-write mapping would throw its changes away" : nullptr;
    case Advice::remove:
      if (private_) return "'remove' is for what a file holds, and a copy-on-write mapping never changes its file";
      return isWritable ? nullptr : "'remove' would change the file, which is mapped read-only";
    case Advice::populateWrite:
      return isWritable ? nullptr : "'populate-write' is for mappings that can be written; 'populate-read' is for all";
    default: return nullptr;
  }
}

Status Mapping::advise(HandleId handle, platform::Advice advice, std::int64_t offset, std::int64_t length) {
  using platform::Advice;
  SharedLock order(order_);
  PinnedRange pieces(*this);
  if (Status status = pieces.take(handle, "madvise", offset, length); !status) return status;
  if (const char* why = whyNotAdvised(advice)) return Status::make(Kind::unsupported, "madvise", why);
  const auto attempt = [&] {
    return pieces.each([advice](const Piece& piece) -> Status {
      // What is lost is lost in whole pages of the range: what else is in its first and last page was not meant.
      const Pages pages = advice == Advice::remove ? Pages::within(piece) : Pages(piece);
      if (pages.length == 0) return {};
      if (platform::splitsAreas(advice)) {
        if (Status status = claimSplit(piece, "madvise"); !status) return status;
      }
      return platform::advise(pages.at, pages.length, advice);
    });
  };
  const bool isForStores = advice == Advice::populateWrite;
  if (advice != Advice::populateRead && !isForStores) return attempt();
  return explained("madvise", pieces, attempt, isForStores);
}

Status Mapping::prefetch(HandleId handle, std::int64_t offset, std::int64_t length) {
  SharedLock order(order_);
  PinnedRange pieces(*this);
  if (Status status = pieces.takeLeft(handle, "madvise", offset, length); !status) return status;
  return explained("madvise", pieces, [&] {
    return pieces.each([](const Piece& piece) {
      const Pages pages(piece);
      return platform::populate(pages.at, pages.length, false);
    });
  });
}

Status Mapping::fetch(std::int64_t offset, std::int64_t length) {
  OpenFilePtr file;
  if (Status status = usable("pread", &file); !status) return status;
  std::uint8_t bytes[kMostCached];
  platform::read(file->handle(), bytes, std::min(static_cast<std::size_t>(length), sizeof bytes), offset_ + offset);
  return {};
}

Status Mapping::lockMemory(HandleId handle, std::int64_t offset, std::int64_t length, bool lock) {
  if (lock) {
    SharedLock order(order_);
    PinnedRange pieces(*this);
    if (Status status = pieces.take(handle, "mlock", offset, length); !status) return status;
    return explained("mlock", pieces, [&] {
      return pieces.each([](const Piece& piece) {
        const Pages pages(piece);
        if (Status status = claimSplit(piece, "mlock"); !status) return status;
        return platform::lockMemory(pages.at, pages.length, true);
      });
    });
  }
  // An outgrown window may hold the lock that it got when it was the only one.
  std::lock_guard<std::mutex> guard(state_);
  if (Status status = usable("munlock"); !status) return status;
  for (const auto& window : windows_) {
    const std::int64_t from = std::max(delta_ + offset, window->start);
    const std::int64_t to = std::min<std::int64_t>(delta_ + offset + length, window->start + window->mapped);
    if (from >= to) continue;
    const Pages pages(window->data + (from - window->start), static_cast<std::size_t>(to - from));
    if (pages.length < window->mapped) {
      if (Status status = platform::claimAreas(2, "munlock"); !status) return status;
    }
    if (Status status = platform::lockMemory(pages.at, pages.length, false); !status) return status;
  }
  return {};
}

// --- what is in memory: asked by the thread of the caller, so nothing here waits ---

/** By a system call instead of through the map, where the first touch of a page costs several times as much. */
Status Mapping::readCached(HandleId handle, std::int64_t offset, std::uint8_t* to, std::size_t length, bool* isRead) {
  PinnedRange pieces(*this);
  const auto wanted = static_cast<std::int64_t>(length);
  if (Status status = pieces.takeLeft(handle, "preadv2", offset, wanted); !status) return status;
  *isRead = !memory_ && !private_ && pieces.length() == wanted && seemsResident(pieces) &&
            platform::readCached(pieces.file()->handle(), to, length, offset_ + offset) && pieces.isUnchanged();
  return {};
}

Status Mapping::isResident(HandleId handle, std::int64_t offset, std::int64_t length, bool* resident) {
  PinnedRange pieces(*this);
  if (Status status = pieces.takeLeft(handle, "preadv2", offset, length); !status) return status;
  length = pieces.length();
  *resident = memory_ || seemsResident(pieces);
  const bool isCertain = memory_ || !*resident;
  if (isCertain || (tellsResidency_ == 1 && length > static_cast<std::int64_t>(platform::pageSize()))) return {};
  std::uint8_t bytes[kMostCached];
  const auto size = static_cast<std::size_t>(length);
  *resident = size <= sizeof bytes && platform::readCached(pieces.file()->handle(), bytes, size, offset_ + offset);
  return {};
}

/** False if some of it is certainly not in memory: asking for that in another way would start reading it in. */
bool Mapping::seemsResident(const PinnedRange& pieces) {
  if (tellsResidency_ < 0) tellsResidency_ = platform::tellsResidency(pieces.file()->handle()) ? 1 : 0;
  if (tellsResidency_ == 0) return true;
  std::vector<std::uint8_t> found;
  const Status status = pieces.each([&](const Piece& piece) -> Status {
    const Pages pages(piece);
    found.resize(pages.length / platform::pageSize());
    if (Status status = platform::residency(pages.at, pages.length, found.data()); !status) return status;
    const bool isThere = std::find(found.begin(), found.end(), 0) == found.end();
    return isThere ? Status{} : Status::make(Kind::range, "mincore", "");
  });
  return static_cast<bool>(status);
}

Status Mapping::residency(HandleId handle, std::int64_t offset, std::int64_t length, std::uint8_t* pages,
                          std::size_t room) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t first = (delta_ + offset) / page;
  if (length > 0 && (delta_ + offset + length - 1) / page - first >= static_cast<std::int64_t>(room)) {
    return Status::make(Kind::range, "mincore", "there is no room for so many pages", "length");
  }
  PinnedRange pieces(*this);
  if (Status status = pieces.take(handle, "mincore", offset, length); !status) return status;
  return pieces.each([&](const Piece& piece) {
    const Pages touched(piece);
    return platform::residency(touched.at, touched.length, pages + ((delta_ + piece.offset) / page - first));
  });
}

}  // namespace fmmap
