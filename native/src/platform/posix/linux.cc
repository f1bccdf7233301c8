// What Linux does in its own way: see internal.h.
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef STATX_TYPE  // older C libraries lack statx(2)
#include <linux/stat.h>
#endif

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "platform/posix/internal.h"

// Older headers lack these; a kernel that lacks them, too, returns EINVAL.
#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MFD_CLOEXEC
#define MFD_CLOEXEC 1
#endif

namespace fmmap::platform {

int mapFlagBits(MapFlags flags) {
  return (flags.populate ? MAP_POPULATE : 0) | (flags.stack ? MAP_STACK : 0) |
         (flags.noReserve ? MAP_NORESERVE : 0);
}

// As system calls: glibc has functions for this, and for copy_file_range, only since 2.27.
int memoryDescriptor() { return static_cast<int>(syscall(SYS_memfd_create, "fmmap", MFD_CLOEXEC)); }

namespace {

std::string byDescriptor(int file) { return "/proc/self/fd/" + std::to_string(file); }

}  // namespace

int reopenDescriptor(int file, int flags) {
  // What looks like a symbolic link there leads to the file itself, even if no path does any more.
  const int again = ::open(byDescriptor(file).c_str(), flags & ~O_NOFOLLOW);
  if (again < 0 && errno == ENOENT) errno = ENOTSUP;  // no /proc
  return again;
}

// The system call itself: where the path is too long, a C library may look for it in all directories above.
std::string nameOfDirectory(int directory) {
  std::string name(PATH_MAX, '\0');
  const long length = directory == AT_FDCWD ? syscall(SYS_getcwd, name.data(), name.size()) - 1
                                            : readlink(byDescriptor(directory).c_str(), name.data(), name.size());
  name.resize(length > 0 && name.front() == '/' ? static_cast<std::size_t>(length) : 0);
  return name;
}

int searchFlag() { return O_PATH; }

int unnamedDescriptor(int directory, int mode) {
  const int file = openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
  // File systems without it, and kernels that take it for opening the directory.
  if (file < 0 && (errno == EISDIR || errno == EINVAL || errno == EOPNOTSUPP)) errno = ENOTSUP;
  if (file >= 0 && access(byDescriptor(file).c_str(), F_OK) != 0) {
    ::close(file);
    errno = ENOTSUP;  // no way to name it without /proc
    return -1;
  }
  return file;
}

int nameDescriptor(int file, int directory, const char* name) {
  return linkat(AT_FDCWD, byDescriptor(file).c_str(), directory, name, AT_SYMLINK_FOLLOW);
}

namespace {

void copyTime(const struct statx_timestamp& time, std::int64_t* to) {
  to[0] = time.tv_sec;
  to[1] = time.tv_nsec;
}

}  // namespace

// The system call itself: older C libraries have no function for it, and fstat(2) does not return the time of birth.
Status stat(Handle file, FileStat* stat) {
  struct statx info;
  constexpr unsigned wanted = 0xfff;  // STATX_BASIC_STATS | STATX_BTIME
  if (syscall(SYS_statx, fd(file), "", AT_EMPTY_PATH, wanted, &info) != 0) return last("fstat");
  *stat = {static_cast<std::int64_t>(makedev(info.stx_dev_major, info.stx_dev_minor)),
           info.stx_mode,
           info.stx_nlink,
           info.stx_uid,
           info.stx_gid,
           static_cast<std::int64_t>(makedev(info.stx_rdev_major, info.stx_rdev_minor)),
           info.stx_blksize,
           static_cast<std::int64_t>(info.stx_ino),
           static_cast<std::int64_t>(info.stx_size),
           static_cast<std::int64_t>(info.stx_blocks),
           {},
           {},
           {},
           {}};
  copyTime(info.stx_atime, stat->accessed);
  copyTime(info.stx_mtime, stat->modified);
  copyTime(info.stx_ctime, stat->changed);
  copyTime(info.stx_btime, stat->born);
  return {};
}

int syncDescriptor(int file) { return fsync(file); }

int allocateBlocks(int file, std::int64_t offset, std::int64_t length) {
  return posix_fallocate(file, offset, length);
}

Status reserve(Handle file, std::int64_t offset, std::int64_t length) {
  // Some file systems apply the limit only when the file itself grows.
  struct rlimit limit;
  const auto end = static_cast<std::uint64_t>(offset + length);
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && end > limit.rlim_cur) return Status::system(EFBIG, "fallocate");
  const int result = retry([&] { return fallocate(fd(file), FALLOC_FL_KEEP_SIZE, offset, length); });
  return result != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) ? last("fallocate") : Status{};
}

namespace {

bool isOn(int file, std::uint32_t type) {
  struct statfs disk;
  return fstatfs(file, &disk) == 0 && static_cast<std::uint32_t>(disk.f_type) == type;  // whose type differs
}

}  // namespace

bool hasHugePages(int file) { return isOn(file, HUGETLBFS_MAGIC); }

// FUSE asks its server, which does not know yet what is in the page cache.
bool tellsHoles(int file) { return !isOn(file, FUSE_SUPER_MAGIC); }

int adviseBits(Advice advice) {
  switch (advice) {
    case Advice::normal: return MADV_NORMAL;
    case Advice::random: return MADV_RANDOM;
    case Advice::sequential: return MADV_SEQUENTIAL;
    case Advice::willneed: return MADV_WILLNEED;
    case Advice::dontneed: return MADV_DONTNEED;
    case Advice::hugepage: return MADV_HUGEPAGE;
    case Advice::nohugepage: return MADV_NOHUGEPAGE;
    case Advice::cold: return MADV_COLD;
    case Advice::pageout: return MADV_PAGEOUT;
    case Advice::collapse: return MADV_COLLAPSE;
    case Advice::populateRead: return MADV_POPULATE_READ;
    case Advice::populateWrite: return MADV_POPULATE_WRITE;
    case Advice::remove: return MADV_REMOVE;
    case Advice::mergeable: return MADV_MERGEABLE;
    case Advice::unmergeable: return MADV_UNMERGEABLE;
    case Advice::dontfork: return MADV_DONTFORK;
    case Advice::dofork: return MADV_DOFORK;
    case Advice::dontdump: return MADV_DONTDUMP;
    case Advice::dodump: return MADV_DODUMP;
  }
  return -1;
}

std::size_t areaLimit() {
  std::size_t limit = 0;  // unknown
  if (std::FILE* file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
    if (std::fscanf(file, "%zu", &limit) != 1) limit = 0;
    std::fclose(file);
  }
  return limit;
}

std::size_t countAreas() {
  std::FILE* file = std::fopen("/proc/self/maps", "re");
  if (!file) return 0;
  std::size_t count = 0;
  char bytes[1 << 14];
  for (std::size_t read; (read = std::fread(bytes, 1, sizeof bytes, file)) > 0;) {
    count += static_cast<std::size_t>(std::count(bytes, bytes + read, '\n'));
  }
  std::fclose(file);
  return count;
}

void setApart(std::uint8_t* at, std::size_t length) { madvise(at, length, MADV_DONTDUMP); }

Presence presence(Handle file, std::int64_t offset, std::size_t length) {
  constexpr long cachestat = 451;  // on all processors; Linux 6.5, which older headers do not know
  struct Range {
    std::uint64_t offset, length;
  } range = {static_cast<std::uint64_t>(offset), length};
  struct {
    std::uint64_t cached, dirty, writeback, evicted, recentlyEvicted;
  } pages;
  // It may not tell who may not write to the file.
  if (length == 0 || syscall(cachestat, static_cast<int>(file), &range, &pages, 0) != 0) return Presence::unknown;
  const std::uint64_t first = range.offset / pageSize(), last = (range.offset + length - 1) / pageSize();
  return pages.cached > last - first ? Presence::present : Presence::absent;
}

// mincore(2) may not tell, and cachestat(2) counts pages that are still being read, so ask for the bytes themselves.
bool readCached(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset) {
  iovec into = {to, length};
  // Not by the name of its function, which musl lacked for long. The halves of the offset are for 32 bits.
  const auto low = static_cast<long>(offset);
  const auto high = static_cast<long>(offset >> 32);
  const long count = syscall(SYS_preadv2, file, &into, 1, low, high, RWF_NOWAIT);
  return count == static_cast<long>(length);
}

namespace {

// File systems that have their pages from the page cache, for write(2) as for maps, and write to the disk later. Others may
// write past it, or wait for a server.
bool isCached(int file) {
  struct statfs disk;
  if (fstatfs(file, &disk) != 0) return false;
  switch (static_cast<std::uint32_t>(disk.f_type)) {
    case EXT4_SUPER_MAGIC:
    case XFS_SUPER_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case OVERLAYFS_SUPER_MAGIC:
    case TMPFS_MAGIC: return true;
    default: return false;
  }
}

}  // namespace

Status writeCached(Handle file, const std::uint8_t* from, std::size_t length, std::int64_t offset, std::size_t* count) {
  *count = 0;
  // With these flags a write goes to the end, past the page cache, or waits for the disk.
  const int flags = fcntl(fd(file), F_GETFL);
  if (flags < 0 || (flags & (O_APPEND | O_DIRECT | O_DSYNC | O_SYNC)) != 0 || !isCached(fd(file))) return {};
  while (*count < length) {
    const ssize_t written = pwrite(fd(file), from + *count, length - *count, offset + static_cast<std::int64_t>(*count));
    if (written > 0) *count += static_cast<std::size_t>(written);
    else if (written < 0 && (errno == ENOSPC || errno == EDQUOT)) return last("write");
    else if (written == 0 || errno != EINTR) return {};
  }
  return {};
}

bool isAtHand(std::uint8_t* at, std::uint8_t value) {
  struct rusage before, after;
  if (getrusage(RUSAGE_THREAD, &before) != 0) return true;
  *const_cast<volatile std::uint8_t*>(at) = value;
  getrusage(RUSAGE_THREAD, &after);
  return before.ru_minflt == after.ru_minflt && before.ru_majflt == after.ru_majflt;
}

Status fillRandom(std::uint8_t* to, std::size_t length) {
  std::size_t done = 0;
  while (done < length) {
    const long count = syscall(SYS_getrandom, to + done, length - done, 0);
    if (count >= 0) done += static_cast<std::size_t>(count);
    else if (errno != EINTR) return last("getrandom");
  }
  return {};
}

int findResident(std::uint8_t* at, std::size_t length, std::uint8_t* pages) { return mincore(at, length, pages); }

// A plain mlock(2) of a page that the device cannot read never returns.
int lockPages(std::uint8_t* at, std::size_t length) {
  constexpr int onFault = 1;
  return static_cast<int>(syscall(SYS_mlock2, at, length, onFault));
}

bool populatePages(std::uint8_t* at, std::size_t length, bool write) {
  while (madvise(at, length, write ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) != 0) {
    if (errno != EINTR && errno != EAGAIN) return false;
  }
  return true;
}

int noRoom(int file, std::int64_t offset, std::int64_t length, bool store) {
  if (store) {
    if (fallocate(file, FALLOC_FL_KEEP_SIZE, offset, length) == 0) return 0;
    if (errno == ENOSPC || errno == EDQUOT) return errno;
    if (errno != EOPNOTSUPP) return 0;
  }
  // A tmpfs makes a page of a hole when it is only read.
  struct statfs disk;
  const bool isFull = fstatfs(file, &disk) == 0 && disk.f_bavail == 0 && (store || isOn(file, TMPFS_MAGIC));
  return isFull ? ENOSPC : 0;
}

// glibc has the names only since 2.32.
const char* errorName(int error) {
  switch (error) {
#define FMMAP_NAME(name) case name: return #name;
    FMMAP_NAME(EPERM) FMMAP_NAME(ENOENT) FMMAP_NAME(ESRCH) FMMAP_NAME(EINTR) FMMAP_NAME(EIO) FMMAP_NAME(ENXIO)
    FMMAP_NAME(E2BIG) FMMAP_NAME(ENOEXEC) FMMAP_NAME(EBADF) FMMAP_NAME(ECHILD) FMMAP_NAME(EAGAIN) FMMAP_NAME(ENOMEM)
    FMMAP_NAME(EACCES) FMMAP_NAME(EFAULT) FMMAP_NAME(ENOTBLK) FMMAP_NAME(EBUSY) FMMAP_NAME(EEXIST) FMMAP_NAME(EXDEV)
    FMMAP_NAME(ENODEV) FMMAP_NAME(ENOTDIR) FMMAP_NAME(EISDIR) FMMAP_NAME(EINVAL) FMMAP_NAME(ENFILE) FMMAP_NAME(EMFILE)
    FMMAP_NAME(ENOTTY) FMMAP_NAME(ETXTBSY) FMMAP_NAME(EFBIG) FMMAP_NAME(ENOSPC) FMMAP_NAME(ESPIPE) FMMAP_NAME(EROFS)
    FMMAP_NAME(EMLINK) FMMAP_NAME(EPIPE) FMMAP_NAME(EDOM) FMMAP_NAME(ERANGE) FMMAP_NAME(EDEADLK)
    FMMAP_NAME(ENAMETOOLONG) FMMAP_NAME(ENOLCK) FMMAP_NAME(ENOSYS) FMMAP_NAME(ENOTEMPTY) FMMAP_NAME(ELOOP)
    FMMAP_NAME(ENOMSG) FMMAP_NAME(EIDRM) FMMAP_NAME(ECHRNG) FMMAP_NAME(EL2NSYNC) FMMAP_NAME(EL3HLT) FMMAP_NAME(EL3RST)
    FMMAP_NAME(ELNRNG) FMMAP_NAME(EUNATCH) FMMAP_NAME(ENOCSI) FMMAP_NAME(EL2HLT) FMMAP_NAME(EBADE) FMMAP_NAME(EBADR)
    FMMAP_NAME(EXFULL) FMMAP_NAME(ENOANO) FMMAP_NAME(EBADRQC) FMMAP_NAME(EBADSLT) FMMAP_NAME(EBFONT) FMMAP_NAME(ENOSTR)
    FMMAP_NAME(ENODATA) FMMAP_NAME(ETIME) FMMAP_NAME(ENOSR) FMMAP_NAME(ENONET) FMMAP_NAME(ENOPKG) FMMAP_NAME(EREMOTE)
    FMMAP_NAME(ENOLINK) FMMAP_NAME(EADV) FMMAP_NAME(ESRMNT) FMMAP_NAME(ECOMM) FMMAP_NAME(EPROTO) FMMAP_NAME(EMULTIHOP)
    FMMAP_NAME(EDOTDOT) FMMAP_NAME(EBADMSG) FMMAP_NAME(EOVERFLOW) FMMAP_NAME(ENOTUNIQ) FMMAP_NAME(EBADFD)
    FMMAP_NAME(EREMCHG) FMMAP_NAME(ELIBACC) FMMAP_NAME(ELIBBAD) FMMAP_NAME(ELIBSCN) FMMAP_NAME(ELIBMAX)
    FMMAP_NAME(ELIBEXEC) FMMAP_NAME(EILSEQ) FMMAP_NAME(ERESTART) FMMAP_NAME(ESTRPIPE) FMMAP_NAME(EUSERS)
    FMMAP_NAME(ENOTSOCK) FMMAP_NAME(EDESTADDRREQ) FMMAP_NAME(EMSGSIZE) FMMAP_NAME(EPROTOTYPE) FMMAP_NAME(ENOPROTOOPT)
    FMMAP_NAME(EPROTONOSUPPORT) FMMAP_NAME(ESOCKTNOSUPPORT) FMMAP_NAME(EOPNOTSUPP) FMMAP_NAME(EPFNOSUPPORT)
    FMMAP_NAME(EAFNOSUPPORT) FMMAP_NAME(EADDRINUSE) FMMAP_NAME(EADDRNOTAVAIL) FMMAP_NAME(ENETDOWN)
    FMMAP_NAME(ENETUNREACH) FMMAP_NAME(ENETRESET) FMMAP_NAME(ECONNABORTED) FMMAP_NAME(ECONNRESET) FMMAP_NAME(ENOBUFS)
    FMMAP_NAME(EISCONN) FMMAP_NAME(ENOTCONN) FMMAP_NAME(ESHUTDOWN) FMMAP_NAME(ETOOMANYREFS) FMMAP_NAME(ETIMEDOUT)
    FMMAP_NAME(ECONNREFUSED) FMMAP_NAME(EHOSTDOWN) FMMAP_NAME(EHOSTUNREACH) FMMAP_NAME(EALREADY)
    FMMAP_NAME(EINPROGRESS) FMMAP_NAME(ESTALE) FMMAP_NAME(EUCLEAN) FMMAP_NAME(ENOTNAM) FMMAP_NAME(ENAVAIL)
    FMMAP_NAME(EISNAM) FMMAP_NAME(EREMOTEIO) FMMAP_NAME(EDQUOT) FMMAP_NAME(ENOMEDIUM) FMMAP_NAME(EMEDIUMTYPE)
    FMMAP_NAME(ECANCELED) FMMAP_NAME(ENOKEY) FMMAP_NAME(EKEYEXPIRED) FMMAP_NAME(EKEYREVOKED) FMMAP_NAME(EKEYREJECTED)
    FMMAP_NAME(EOWNERDEAD) FMMAP_NAME(ENOTRECOVERABLE) FMMAP_NAME(ERFKILL) FMMAP_NAME(EHWPOISON)
#undef FMMAP_NAME
    default: return "";
  }
}

Touch touchOf(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  const auto error = machine.gregs[REG_ERR];  // the processor's page fault error code
  return (error & 16) != 0 ? Touch::execute : (error & 2) != 0 ? Touch::write : Touch::read;
#elif defined(__aarch64__)
  // A list of records of the kernel's, one of which has the syndrome register.
  struct Record {
    std::uint32_t magic, size;
    std::uint64_t syndrome;
  };
  const auto* at = reinterpret_cast<const std::uint8_t*>(machine.__reserved);
  for (const auto* end = at + sizeof machine.__reserved; at + sizeof(Record) <= end;) {
    const auto* record = reinterpret_cast<const Record*>(at);
    if (record->size == 0) break;
    if (record->magic == 0x45535201) {
      const std::uint64_t kind = record->syndrome >> 26 & 63;
      if (kind == 0x20 || kind == 0x21) return Touch::execute;
      return (record->syndrome >> 6 & 1) != 0 ? Touch::write : Touch::read;
    }
    at += record->size;
  }
  return Touch::unknown;
#else
  return (void)machine, Touch::unknown;
#endif
}

bool isAboutPage(int signal, int code) {
  // A page whose memory is broken (MCEERR) can be replaced like a lost one.
  return signal == SIGBUS ? code == BUS_ADRERR || code == BUS_MCEERR_AR : code == SEGV_ACCERR;
}

bool mayBeForbidden(int signal) { return signal == SIGSEGV; }

bool isSent(int code) { return code <= 0 || code == BUS_MCEERR_AO; }

std::uint64_t currentThread() { return static_cast<std::uint64_t>(syscall(SYS_gettid)); }

bool isAlive(std::uint64_t thread) { return syscall(SYS_tgkill, getpid(), thread, 0) == 0; }

void resend(int signal, siginfo_t* info) {
  if (syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info) != 0) raise(signal);
}

// msync(MS_ASYNC) starts nothing since Linux 2.6.19; this does.
Status startFlush(Handle file, std::int64_t offset, std::int64_t length) {
  const int result = sync_file_range(fd(file), offset, length, SYNC_FILE_RANGE_WRITE);
  return result == 0 ? Status{} : last("sync_file_range");
}

bool clone(Handle from, Handle to) { return ioctl(fd(to), FICLONE, fd(from)) == 0; }

Status copyInKernel(Handle from, std::int64_t offset, std::int64_t length, Handle to, std::int64_t toOffset,
                    std::int64_t* copied) {
  std::int64_t at = offset, toAt = toOffset;
  while (*copied < length) {
    const auto left = static_cast<std::size_t>(length - *copied);
    const long count = syscall(SYS_copy_file_range, fd(from), &at, fd(to), &toAt, left, 0);
    if (count > 0) *copied += count;
    else if (count == 0) return {};
    else if (errno != EINTR) break;
  }
  if (*copied == length) return {};
  switch (errno) {
    case EXDEV: case EINVAL: case ENOSYS: case ENOTSUP: case EBADF: case ETXTBSY: case EPERM:
      return {};  // not between these two; the caller copies the rest
    default:
      return last("copy_file_range");
  }
}

}  // namespace fmmap::platform
