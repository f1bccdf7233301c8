// What macOS does in its own way: see internal.h. Nobody has run it: see docs/architecture.md.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "platform/posix/internal.h"

namespace fmmap::platform {

int mapFlagBits(MapFlags flags) { return flags.noReserve ? MAP_NORESERVE : 0; }

int memoryDescriptor() {
  static std::atomic<unsigned> serial{0};
  char name[32];
  std::snprintf(name, sizeof name, "/fmmap-%d-%u", static_cast<int>(getpid()), serial.fetch_add(1));
  const int file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (file >= 0) shm_unlink(name);
  return file;
}

std::string nameOfDirectory(int directory) {
  char name[MAXPATHLEN];
  const bool isFound =
      directory == AT_FDCWD ? getcwd(name, sizeof name) != nullptr : fcntl(directory, F_GETPATH, name) == 0;
  return isFound ? name : "";
}

int reopenDescriptor(int file, int flags) {
  char name[MAXPATHLEN];
  if (fcntl(file, F_GETPATH, name) != 0) return -1;
  const int again = ::open(name, flags);
  struct stat asked, found;
  if (again < 0 || (fstat(file, &asked) == 0 && fstat(again, &found) == 0 && identityOf(asked) == identityOf(found))) {
    return again;
  }
  ::close(again);
  errno = ENOENT;  // it has lost its name to another file
  return -1;
}

int searchFlag() { return O_RDONLY; }

int unnamedDescriptor(int, int) {
  errno = ENOTSUP;
  return -1;
}

int nameDescriptor(int, int, const char*) {
  errno = ENOTSUP;
  return -1;
}

Status stat(Handle file, FileStat* stat) {
  struct stat info;
  if (fstat(fd(file), &info) != 0) return last("fstat");
  *stat = {info.st_dev,
           info.st_mode,
           info.st_nlink,
           info.st_uid,
           info.st_gid,
           info.st_rdev,
           info.st_blksize,
           static_cast<std::int64_t>(info.st_ino),
           info.st_size,
           info.st_blocks,
           {info.st_atimespec.tv_sec, info.st_atimespec.tv_nsec},
           {info.st_mtimespec.tv_sec, info.st_mtimespec.tv_nsec},
           {info.st_ctimespec.tv_sec, info.st_ctimespec.tv_nsec},
           {info.st_birthtimespec.tv_sec, info.st_birthtimespec.tv_nsec}};
  return {};
}

// fsync(2) of macOS leaves the data in the drive's cache.
int syncDescriptor(int file) {
  if (fcntl(file, F_FULLFSYNC) == 0) return 0;
  return errno == ENOTSUP || errno == EINVAL || errno == ENOTTY ? fsync(file) : -1;
}

int allocateBlocks(int file, std::int64_t offset, std::int64_t length) {
  fstore_t store = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, length, 0};
  return fcntl(file, F_PREALLOCATE, &store) == -1 ? errno : 0;
}

Status reserve(Handle file, std::int64_t offset, std::int64_t length) {
  int error;
  do error = allocateBlocks(fd(file), offset, length);
  while (error == EINTR);
  return error == ENOSPC || error == EDQUOT ? Status::system(error, "fallocate") : Status{};
}

bool hasHugePages(int) { return false; }

bool tellsHoles(int) { return true; }

int adviseBits(Advice advice) {
  switch (advice) {
    case Advice::normal: return MADV_NORMAL;
    case Advice::random: return MADV_RANDOM;
    case Advice::sequential: return MADV_SEQUENTIAL;
    case Advice::willneed: return MADV_WILLNEED;
    case Advice::dontneed: return MADV_DONTNEED;
    default: return -1;
  }
}

std::size_t areaLimit() { return SIZE_MAX; }

std::size_t countAreas() { return 0; }

void setApart(std::uint8_t*, std::size_t) {}

Presence presence(Handle, std::int64_t, std::size_t) { return Presence::unknown; }

bool readCached(Handle, std::uint8_t*, std::size_t, std::int64_t) { return false; }

// Not measured on this system, where storing through the map is right as well.
Status writeCached(Handle, const std::uint8_t*, std::size_t, std::int64_t, std::size_t* count) {
  *count = 0;
  return {};
}

Status fillRandom(std::uint8_t* to, std::size_t length) {
  arc4random_buf(to, length);
  return {};
}

bool isAtHand(std::uint8_t*, std::uint8_t) { return true; }

int findResident(std::uint8_t* at, std::size_t length, std::uint8_t* pages) {
  return mincore(at, length, reinterpret_cast<char*>(pages));
}

int lockPages(std::uint8_t* at, std::size_t length) { return mlock(at, length); }

bool populatePages(std::uint8_t*, std::size_t, bool) {
  errno = EINVAL;
  return false;
}

int noRoom(int file, std::int64_t, std::int64_t, bool store) {
  struct statfs disk;
  return store && fstatfs(file, &disk) == 0 && disk.f_bavail == 0 ? ENOSPC : 0;
}

const char* errorName(int) { return ""; }  // Node knows them

Touch touchOf(const void* context) {
  const auto& state = static_cast<const ucontext_t*>(context)->uc_mcontext->__es;
#if defined(__x86_64__)
  return (state.__err & 16) != 0 ? Touch::execute : (state.__err & 2) != 0 ? Touch::write : Touch::read;
#else
  const unsigned kind = state.__esr >> 26 & 63;
  if (kind == 0x20 || kind == 0x21) return Touch::execute;
  return (state.__esr >> 6 & 1) != 0 ? Touch::write : Touch::read;
#endif
}

// Whatever is wrong with a page, permission included, the code of SIGBUS is the same.
bool isAboutPage(int signal, int code) { return signal == SIGBUS || code == SEGV_ACCERR; }

bool mayBeForbidden(int) { return true; }

bool isSent(int code) { return code <= 0 || code == SI_USER; }

std::uint64_t currentThread() {
  std::uint64_t id = 0;
  pthread_threadid_np(nullptr, &id);
  return id;
}

bool isAlive(std::uint64_t) { return true; }  // there is no way to know

void resend(int signal, siginfo_t*) { raise(signal); }

Status startFlush(Handle, std::int64_t, std::int64_t) { return {}; }

bool clone(Handle, Handle) { return false; }

Status copyInKernel(Handle, std::int64_t, std::int64_t, Handle, std::int64_t, std::int64_t*) { return {}; }

}  // namespace fmmap::platform
