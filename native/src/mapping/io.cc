// The bytes and pages of an open mapping: see io.h.
#include "mapping/io.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "mapping/lost-pages.h"
#include "mapping/pinned-range.h"

namespace fmmap::io {

namespace {

/** No more than this is read only to have it in memory, or to see whether it is. */
constexpr std::size_t kMostCached = 1 << 16;

/** Called before a piece becomes an area of its own, and so do the parts before and after it. */
Status claimSplit(const Piece& piece, const char* syscall) {
  const bool isWhole = piece.at == piece.window->data && piece.bytes >= piece.window->mapped;
  return isWhole ? Status{} : platform::claimAreas(2, syscall);
}

/** Refuses an advice with effects that nobody may want, or that the system would ignore silently. Null if it is fine. */
const char* whyNotAdvised(const Mapping& mapping, platform::Advice advice) {
  using platform::Access, platform::Advice;
  const Access access = mapping.state().access;
  const bool isWritable = access == Access::write || access == Access::copy;
  switch (advice) {
    case Advice::dontneed:
      return mapping.isPrivate() ? "'dontneed' on a copy-on-write mapping would throw its changes away" : nullptr;
    case Advice::remove:
      if (mapping.isPrivate()) return "'remove' is for what a file holds, and a copy-on-write mapping never changes its file";
      return isWritable ? nullptr : "'remove' would change the file, which is mapped read-only";
    case Advice::populateWrite:
      return isWritable ? nullptr : "'populate-write' is for mappings that can be written; 'populate-read' is for all";
    default: return nullptr;
  }
}

/** False if some of it is certainly not in memory: other ways to ask would start reading it. */
bool seemsResident(Mapping& mapping, const PinnedRange& range) {
  if (!mapping.tellsResidency(range.file())) return true;
  std::vector<std::uint8_t> found;
  const Status status = range.each([&](const Piece& piece) -> Status {
    const Pages pages(piece);
    found.resize(pages.length / platform::pageSize());
    if (Status status = platform::residency(pages.at, pages.length, found.data()); !status) return status;
    const bool isThere = std::find(found.begin(), found.end(), 0) == found.end();
    return isThere ? Status{} : Status::make(Kind::range, "mincore", "");
  });
  return static_cast<bool>(status);
}

/**
 * Whether storing `from` into the range causes no faults, as far as one of its pages tells: another one each time, for a page
 * that has been asked about is at hand from then on.
 */
bool isAtHand(const PinnedRange& range, const std::uint8_t* from) {
  static std::atomic<std::uint32_t> turn{0};
  constexpr std::uint32_t kGolden = 0x9e3779b9;  // its multiples lie everywhere, and repeat late
  const Piece& piece = range.pieces().front();
  const std::uint64_t fraction = turn.fetch_add(kGolden);
  const auto at = static_cast<std::size_t>(piece.bytes * fraction >> 32);
  // A page that is not in memory is not made by a store: a write makes larger ones.
  const Pages page({piece.window, piece.at + at, 1, piece.offset});
  std::uint8_t isThere = 0;
  const bool isKnown = static_cast<bool>(platform::residency(page.at, platform::pageSize(), &isThere));
  return (!isKnown || isThere != 0) && platform::isAtHand(piece.at + at, from[at]);
}

}  // namespace

Status stat(const Mapping& mapping, platform::FileStat* stat) {
  const OpenFilePtr file = mapping.file().copyHandle();
  return file ? platform::stat(file->handle(), stat) : Status::make(Kind::closed, "fstat", "");
}

Status flush(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, bool wait) {
  const char* const syscall = wait ? "msync" : "sync_file_range";
  if (mapping.isMemory()) return mapping.requireRange(syscall, offset, length);  // there is no disk
  SharedLock order(mapping.order());
  PinnedRange range(mapping);
  if (Status status = range.take(handle, syscall, offset, length); !status) return status;
  if (mapping.isPrivate() || length == 0) return mapping.check("fstat");
  const Status status = wait ? range.each([](const Piece& piece) {
    const Pages pages(piece);
    return platform::flush(pages.at, pages.length);
  })
                             : platform::startFlush(range.file()->handle(), mapping.offset() + offset, length);
  // The system reports a lost write once, and then the same flush succeeds: never ask again.
  if (!status && status.kind == Kind::system) mapping.poison();
  // If the file was closed meanwhile, zeroes may have been flushed in its place.
  return status ? mapping.check(syscall) : status;
}

Status advise(Mapping& mapping, HandleId handle, platform::Advice advice, std::int64_t offset, std::int64_t length) {
  using platform::Advice;
  SharedLock order(mapping.order());
  PinnedRange range(mapping);
  if (Status status = range.take(handle, "madvise", offset, length); !status) return status;
  if (const char* why = whyNotAdvised(mapping, advice)) return Status::make(Kind::unsupported, "madvise", why);
  // What a system does not have is refused for no pages as it is for some.
  const auto ofNoPages = [advice] { return platform::advise(nullptr, 0, advice); };
  if (Status status = length == 0 ? ofNoPages() : Status{}; !status) return status;
  const auto attempt = [&] {
    return range.each([&](const Piece& piece) -> Status {
      // Only whole pages of the range are emptied: the rest of its first and last page is not the caller's.
      const Pages pages = advice == Advice::remove ? Pages::within(piece) : Pages(piece);
      if (pages.length == 0) return ofNoPages();
      if (platform::splitsAreas(advice)) {
        if (Status status = claimSplit(piece, "madvise"); !status) return status;
      }
      return platform::advise(pages.at, pages.length, advice);
    });
  };
  const bool isForStores = advice == Advice::populateWrite;
  if (advice != Advice::populateRead && !isForStores) return attempt();
  return explained(mapping, "madvise", range, attempt, isForStores);
}

Status prefetch(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length) {
  if (length == 0) return {};  // of a poisoned file, too
  SharedLock order(mapping.order());
  PinnedRange range(mapping);
  if (Status status = range.takeLeft(handle, "madvise", offset, length); !status) return status;
  return explained(mapping, "madvise", range, [&] {
    return range.each([](const Piece& piece) {
      const Pages pages(piece);
      return platform::populate(pages.at, pages.length, false);
    });
  });
}

Status readMany(const Mapping& mapping, const std::vector<Extract>& parts, std::uint8_t* to, bool* isRead) {
  *isRead = false;
  OpenFilePtr file;
  if (Status status = mapping.usable("pread", &file); !status) return status;
  const MappingState before = mapping.state();
  const auto isOutside = [&](const Extract& part) {
    const auto length = static_cast<std::int64_t>(part.length);
    return part.offset > before.length || length > before.length - part.offset;
  };
  if (mapping.isMemory() || mapping.isPrivate() || std::any_of(parts.begin(), parts.end(), isOutside)) return {};
  std::vector<std::uint8_t*> missing(parts.size(), nullptr);
  for (std::size_t index = 0; index < parts.size(); ++index) {
    // What is not in memory, the device begins to read: all of it at once.
    const auto [offset, length] = parts[index];
    if (!platform::readCached(file->handle(), to, length, mapping.offset() + offset)) missing[index] = to;
    to += length;
  }
  for (std::size_t index = 0; index < parts.size(); ++index) {
    if (missing[index] == nullptr) continue;
    const auto [offset, length] = parts[index];
    std::size_t count = 0;
    const Status status = platform::read(file->handle(), missing[index], length, mapping.offset() + offset, &count);
    if (!status || count != length) return {};
  }
  *isRead = mapping.isUnchanged(before.changes);
  return {};
}

Status lockMemory(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, bool lock) {
  if (lock) {
    SharedLock order(mapping.order());
    PinnedRange range(mapping);
    if (Status status = range.take(handle, "mlock", offset, length); !status) return status;
    return explained(mapping, "mlock", range, [&] {
      return range.each([](const Piece& piece) {
        const Pages pages(piece);
        if (Status status = claimSplit(piece, "mlock"); !status) return status;
        return platform::lockMemory(pages.at, pages.length, true);
      });
    });
  }
  return mapping.unlockMemory(offset, length);
}

// --- writing without the map ---

Status writeCached(Mapping& mapping, HandleId handle, std::int64_t offset, const std::uint8_t* from, std::size_t length,
                   bool isNew, std::size_t* count) {
  *count = 0;
  TriedSharedLock order(mapping.order());  // against threads that cut the file: a write past its end would make it longer
  if (length == 0 || !order.isHeld() || mapping.isPrivate()) return {};
  PinnedRange range(mapping);
  if (!range.take(handle, "write", offset, static_cast<std::int64_t>(length))) return {};
  const MappingState state = mapping.state();
  if (state.access != platform::Access::write || (isNew && isAtHand(range, from))) return {};
  // Another process may cut the file at any time. A write that comes after it never makes the file as long as it was, since
  // the last byte is stored through the map, and so the cut is noticed by the size.
  const std::int64_t start = mapping.offset() + offset;
  const std::int64_t end = mapping.offset() + state.length;
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(end - 1 - start, 0));
  const platform::Handle file = range.file()->handle();
  std::int64_t size = 0;
  if (!platform::size(file, &size) || size < end) return {};
  const Status status = platform::writeCached(file, from, std::min(length, most), start, count);
  mapping.check("write");
  return isNew ? Status{} : status;
}

// --- what is in memory: called on the thread of an event loop, so nothing here waits ---

/** By a system call instead of through the map, where the first touch of a page costs several times as much. */
Status readCached(Mapping& mapping, HandleId handle, std::int64_t offset, std::uint8_t* to, std::size_t length,
                  Cached* cached) {
  PinnedRange range(mapping);
  const auto wanted = static_cast<std::int64_t>(length);
  if (Status status = range.takeLeft(handle, "preadv2", offset, wanted); !status) return status;
  *cached = Cached::no;
  if (range.length() != wanted) return {};
  if (mapping.isMemory()) {
    *cached = Cached::mapped;
    return {};
  }
  using platform::Presence;
  const platform::Handle file = range.file()->handle();
  const std::int64_t start = mapping.offset() + offset;
  const Presence presence = mapping.isPrivate() ? Presence::unknown : platform::presence(file, start, length);
  const bool isWorthTrying = presence == Presence::unknown ? seemsResident(mapping, range) : presence == Presence::present;
  const bool isRead = isWorthTrying && platform::readCached(file, to, length, start);
  if (isRead && range.isUnchanged()) *cached = mapping.isPrivate() ? Cached::mapped : Cached::copied;
  return {};
}

Status isResident(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, bool* resident) {
  PinnedRange range(mapping);
  if (Status status = range.takeLeft(handle, "preadv2", offset, length); !status) return status;
  length = range.length();
  *resident = mapping.isMemory() || seemsResident(mapping, range);
  const bool isCertain = mapping.isMemory() || !*resident;
  const bool isLong = length > static_cast<std::int64_t>(platform::pageSize());
  if (isCertain || (isLong && mapping.tellsResidency(range.file()))) return {};
  std::uint8_t bytes[kMostCached];
  const auto size = static_cast<std::size_t>(length);
  *resident =
      size <= sizeof bytes && platform::readCached(range.file()->handle(), bytes, size, mapping.offset() + offset);
  return {};
}

Status residency(Mapping& mapping, HandleId handle, std::int64_t offset, std::int64_t length, std::uint8_t* pages,
                 std::size_t space) {
  const std::int64_t page = static_cast<std::int64_t>(platform::pageSize());
  const std::int64_t first = (mapping.delta() + offset) / page;
  if (length > 0 && (mapping.delta() + offset + length - 1) / page - first >= static_cast<std::int64_t>(space)) {
    return Status::make(Kind::range, "mincore", "there is no room for so many pages", "length");
  }
  PinnedRange range(mapping);
  if (Status status = range.take(handle, "mincore", offset, length); !status) return status;
  return range.each([&](const Piece& piece) {
    const Pages touched(piece);
    return platform::residency(touched.at, touched.length, pages + ((mapping.delta() + piece.offset) / page - first));
  });
}

}  // namespace fmmap::io
