// Mapped memory: see platform/memory.h.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "platform/memory.h"

#include "platform/posix/internal.h"

namespace fmmap::platform {

namespace {

int protection(Access access) {
  switch (access) {
    case Access::read: return PROT_READ;
    case Access::exec: return PROT_READ | PROT_EXEC;
    case Access::write:
    case Access::copy: return PROT_READ | PROT_WRITE;
  }
  return PROT_NONE;
}

const char* whyNotMapped(int error, Access access) {
  switch (error) {
    case ENODEV: return "its file system cannot map it (sysfs, 9p, FUSE with direct I/O); copy the file to one that can";
    case EACCES:
    case EPERM:
      return access == Access::exec ? "its file system may be mounted noexec; copy the file to one that is not" : "";
    default: return "";
  }
}

}  // namespace

const char* lacks() { return ""; }

std::size_t pageSize() {
  static const std::size_t size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

bool viewsHoldFile() { return false; }

bool canMapGuests() { return true; }

Status probe(std::size_t length) {
  const std::size_t room = length + length / 8 + (std::size_t{1} << 28);
  void* range = mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) return last("mmap");
  munmap(range, room);
  return {};
}

Status map(Handle file, std::int64_t offset, std::uint8_t* at, std::size_t length, Access access, MapFlags flags) {
  const int sharing = access == Access::copy || flags.isPrivate ? MAP_PRIVATE : MAP_SHARED;
  void* mapped = mmap(at, length, protection(access), MAP_FIXED | sharing | mapFlagBits(flags),
                      static_cast<int>(file), static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) {
    const Status status = Status::system(errno, "mmap", whyNotMapped(errno, access));
    retire(at, length);  // a failed MAP_FIXED may already have torn a hole
    return status;
  }
  if (flags.hugePages && madvise(at, length, adviseBits(Advice::hugepage)) != 0) {
    const int error = errno;
    retire(at, length);
    if (error != EINVAL) return Status::system(error, "madvise");
    return Status::make(Kind::unsupported, "madvise", "this system has no transparent huge pages; leave hugePages out");
  }
  return {};
}

Status retire(std::uint8_t* at, std::size_t length) {
  constexpr int flags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (mmap(at, length, PROT_READ | PROT_WRITE, flags, -1, 0) != MAP_FAILED) return {};
  const Status status = last("mmap");
  // Strict overcommit may refuse private memory of this size; that of a sparse file is counted as it is used.
  if (const int file = memoryDescriptor(); file >= 0) {
    const bool isMapped = ftruncate(file, static_cast<off_t>(length)) == 0 &&
                          mmap(at, length, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_SHARED, file, 0) != MAP_FAILED;
    ::close(file);
    if (isMapped) return {};
  }
  // Read-only zeroes still keep the addresses occupied.
  return mmap(at, length, PROT_READ, flags, -1, 0) != MAP_FAILED ? Status{} : status;
}

Status lift(std::uint8_t*, std::size_t) { return {}; }

Status probeFiller(std::size_t length) {
  void* range = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) return last("mmap");
  const Status status = retire(static_cast<std::uint8_t*>(range), length);
  munmap(range, length);
  return status;
}

namespace {

// A count of what this library has made, which soon is too high: areas merge, and end. So when it has become too large, the
// kernel is asked for the true number, which takes a while.
std::atomic<std::size_t> areas{0};
/** For others: V8 ends the process when it gets no area for its own heap. */
constexpr std::size_t kReserve = 4096;
std::atomic<std::size_t> allowed{65530 - kReserve};  // the usual one, until it is known; signal handlers read it, too

/** Tries again the next time if the limit cannot be read now, as without a descriptor left. */
void learnAllowed() {
  static std::atomic<bool> isKnown{false};
  if (isKnown) return;
  const std::size_t limit = areaLimit();
  if (limit == 0) return;
  allowed = limit > 2 * kReserve ? limit - kReserve : limit / 2;
  isKnown = true;
}

}  // namespace

Status claimAreas(std::size_t count, const char* syscall) {
  static std::mutex counting;
  learnAllowed();
  if (areas.fetch_add(count) + count <= allowed) return {};
  std::lock_guard<std::mutex> guard(counting);
  if (const std::size_t found = countAreas(); found > 0) areas = found + count;
  if (areas <= allowed) return {};
  areas -= count;
  return Status::system(ENOMEM, syscall,
                        "too many areas of memory are mapped; close files, advise or lock whole ones instead of many "
                        "parts, or raise vm.max_map_count");
}

bool claimAreasAtOnce(std::size_t count) {
  if (areas + count > allowed) return false;
  areas += count;
  return true;
}

Status protect(std::uint8_t* at, std::size_t length, Access access) {
  return mprotect(at, length, protection(access)) == 0 ? Status{} : last("mprotect");
}

Status flush(std::uint8_t* at, std::size_t length) {
  return msync(at, length, MS_SYNC) == 0 ? Status{} : last("msync");
}

Status advise(std::uint8_t* at, std::size_t length, Advice advice) {
  const int bits = adviseBits(advice);
  const auto isTaken = [&] {
    if (advice == Advice::populateRead) return populatePages(at, length, false);
    if (advice == Advice::populateWrite) return populatePages(at, length, true);
    return madvise(at, length, bits) == 0;
  };
  if (bits >= 0 && isTaken()) return {};
  if (bits >= 0 && errno != EINVAL && errno != EOPNOTSUPP) return last("madvise");
  return Status::make(Kind::unsupported, "madvise",
                      hasAdvice(advice) ? "this mapping, its file system or this range does not take this advice; memory "
                                          "that is locked (lockMemory) takes neither 'dontneed' nor 'remove'"
                                        : "this system does not have this advice; ask isAdviceSupported before");
}

// As madvise(2) documents: for no bytes, only the advice is checked.
bool hasAdvice(Advice advice) { return adviseBits(advice) >= 0 && madvise(nullptr, 0, adviseBits(advice)) == 0; }

bool splitsAreas(Advice advice) {
  switch (advice) {
    case Advice::normal:
    case Advice::random:
    case Advice::sequential:
    case Advice::hugepage:
    case Advice::nohugepage:
    case Advice::mergeable:
    case Advice::unmergeable:
    case Advice::dontfork:
    case Advice::dofork:
    case Advice::dontdump:
    case Advice::dodump: return true;
    default: return false;
  }
}

Status populate(std::uint8_t* at, std::size_t length, bool write) {
  if (populatePages(at, length, write)) return {};
  if (errno != EINVAL) return last("madvise");
  // There is no such advice here: read a byte of each page. A store would make pages dirty, so `write` reads, too.
  const volatile std::uint8_t* page = at;
  for (std::size_t offset = 0; offset < length; offset += pageSize()) (void)page[offset];
  return {};
}

bool tellsResidency(Handle file) {
  struct stat info;
  if ((fcntl(fd(file), F_GETFL) & O_ACCMODE) == O_RDWR) return true;
  return fstat(fd(file), &info) == 0 && (geteuid() == 0 || geteuid() == info.st_uid);
}

Status residency(std::uint8_t* at, std::size_t length, std::uint8_t* pages) {
  if (findResident(at, length, pages) != 0) return last("mincore");
  for (std::size_t page = 0; page < (length + pageSize() - 1) / pageSize(); ++page) pages[page] &= 1;
  return {};
}

Status lockMemory(std::uint8_t* at, std::size_t length, bool lock) {
  if (!lock) return munlock(at, length) == 0 ? Status{} : last("munlock");
  if (lockPages(at, length) != 0) return last("mlock");
  Status status = populate(at, length, false);
  if (!status) munlock(at, length);
  return status;
}

const std::uint8_t* find(const std::uint8_t* data, std::size_t length, const std::uint8_t* needle, std::size_t size) {
  return static_cast<const std::uint8_t*>(memmem(data, length, needle, size));
}

}  // namespace fmmap::platform
