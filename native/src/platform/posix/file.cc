#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/posix/internal.h"

namespace fmmap::platform {

namespace {

int fd(Handle file) { return static_cast<int>(file); }

int startOf(const Place& place) { return place.directory == kNoHandle ? AT_FDCWD : fd(place.directory); }

Status last(const char* syscall) { return Status::system(errno, syscall); }

const char* whyNotResized(int error) {
  return error == EFBIG ? "so large a file is more than its file system, or this process (ulimit -f), may have; ask for less"
                        : "";
}

constexpr const char* kOnlyFiles = "only regular files can be mapped";
constexpr const char* kNotOpen = "nothing is open under this number any more; give an open descriptor";

template <typename Call>
int retry(Call call) {
  int result;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

/** That a FIFO or a terminal cannot hold up, and that no child inherits. */
constexpr int kOpenFlags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

int openDescriptor(int directory, const char* path, int flags, int mode) {
  return retry([&] { return ::openat(directory, path, flags | kOpenFlags, mode); });
}

/** Why what is open cannot be mapped, by what it is. */
Status refuseKind(const struct stat& info) {
  if (S_ISREG(info.st_mode)) return {};
  return S_ISDIR(info.st_mode) ? Status::system(EISDIR, "open") : Status::system(ENODEV, "mmap", kOnlyFiles);
}

Status openAgain(int descriptor, int flags, Handle* file) {
  struct stat info;
  const int mode = fcntl(descriptor, F_GETFL);
  if (mode < 0 || fstat(descriptor, &info) != 0) {
    return Status::system(errno, "open", kNotOpen);
  }
  if (Status status = refuseKind(info); !status) return status;  // before open(2), which a device may notice
  const bool isWritable = (mode & O_ACCMODE) == O_RDWR;
  if ((mode & O_ACCMODE) == O_WRONLY || ((flags & O_ACCMODE) == O_RDWR && !isWritable)) {
    return Status::system(EACCES, "mmap",
                          (flags & O_ACCMODE) == O_RDWR
                              ? "this descriptor is not open for reading and writing, which a writable mapping needs ('r+')"
                              : "this descriptor is not open for reading, which every mapping needs ('r')");
  }
  *file = retry([&] { return reopenDescriptor(descriptor, flags | kOpenFlags); });
  if (*file >= 0) return {};
  if (errno == ENOTSUP) {
    return Status::make(Kind::unsupported, "open", "a descriptor is opened anew through /proc, which is not there; give a path");
  }
  return Status::system(errno, "open",
                        errno == EACCES || errno == EPERM
                            ? "the file is opened anew, for a lock of its own, and its permissions do not allow that"
                            : "");
}

}  // namespace

int directoryFlags() { return searchFlag() | O_DIRECTORY; }

bool absolutePath(const Place& place, const Identity& identity, std::string* path) {
  const std::string directory = nameOfDirectory(startOf(place));
  if (directory.empty()) return false;
  *path = directory + (directory.back() == '/' ? "" : "/") + place.path;
  struct stat there;
  return ::stat(path->c_str(), &there) == 0 && identityOf(there) == identity;
}

Status open(const OpenRequest& request, const Place& place, Handle* file, Handle* parent) {
  const int flags = (request.write ? O_RDWR : O_RDONLY) | (request.append ? O_APPEND : 0) | request.customFlags;
  if (place.file != kNoHandle) return openAgain(fd(place.file), flags, file);
  Status status;
  // Two attempts tell a file that we made from one that was there; each can lose a race to
  // somebody who removes or makes it in between, so they alternate for a while.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (!request.createNew) {
      *file = openDescriptor(startOf(place), place.path.c_str(), flags, 0);
      status = *file >= 0 ? Status{} : last("open");
      if (status || status.error != ENOENT || !request.create) break;
    }
    if (*parent == kNoHandle) status = openParent(place, parent);
    if (*parent == kNoHandle) return status;
    const std::string name = entryOf(place.path);
    *file = openDescriptor(fd(*parent), name.c_str(), flags | O_CREAT | O_EXCL, request.mode);
    if (*file >= 0) return {};
    status = last("open");
    if (status.error != EEXIST || request.createNew) break;
    struct stat link;
    if (attempt > 2 && fstatat(fd(*parent), name.c_str(), &link, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(link.st_mode)) {
      status = Status::system(ELOOP, "open", "a symbolic link to nothing is at this path; create its target first");
      break;
    }
  }
  if (*parent != kNoHandle) close(*parent);
  *parent = kNoHandle;
  return status;
}

Status createNew(Handle parent, const std::string& path, int mode, Handle* file) {
  *file = openDescriptor(fd(parent), entryOf(path).c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
  return *file >= 0 ? Status{} : last("open");
}

Status setMode(Handle file, int mode) {
  if (fchmod(fd(file), static_cast<mode_t>(mode)) == 0 || errno == EPERM || errno == ENOTSUP) return {};
  return last("fchmod");
}

Status setLike(Handle file, const Entry& entry) {
  const auto user = static_cast<uid_t>(entry.user);
  const auto group = static_cast<gid_t>(entry.group);
  // Only root gives a file away, and others only to groups of their own: then the rights that go with it are left out.
  const bool isGiven = fchown(fd(file), user, group) == 0 || fchown(fd(file), static_cast<uid_t>(-1), group) == 0;
  struct stat own;
  if (fstat(fd(file), &own) != 0) return last("fstat");
  int mode = entry.mode;
  if (!isGiven || own.st_uid != user) mode &= ~S_ISUID;
  if (own.st_gid != group) mode &= ~S_ISGID & ~((~mode & S_IRWXO) << 3);
  return setMode(file, mode);
}

Status createUnnamed(Handle parent, const std::string& path, int mode, Handle* file) {
  struct stat there;
  if (fstatat(fd(parent), entryOf(path).c_str(), &there, AT_SYMLINK_NOFOLLOW) == 0) {
    return Status::system(EEXIST, "open");
  }
  if (errno != ENOENT) return last("open");
  *file = retry([&] { return unnamedDescriptor(fd(parent), mode); });
  return *file >= 0 || errno == ENOTSUP ? Status{} : last("open");
}

Status giveName(Handle file, Handle parent, const std::string& path) {
  const int result = retry([&] { return nameDescriptor(fd(file), fd(parent), entryOf(path).c_str()); });
  return result == 0 ? Status{} : last("open");
}

Status openMemory(Handle* file) {
  *file = memoryDescriptor();
  return *file >= 0 ? Status{} : last("memfd_create");
}

Status duplicate(Handle file, Handle* copy) {
  *copy = fcntl(fd(file), F_DUPFD_CLOEXEC, 0);
  if (*copy >= 0) return {};
  return errno == EBADF ? Status::system(errno, "open", kNotOpen) : last("dup");
}

void close(Handle file) { ::close(fd(file)); }

Status size(Handle file, std::int64_t* bytes) {
  struct stat info;
  if (fstat(fd(file), &info) != 0) return last("fstat");
  *bytes = info.st_size;
  return {};
}

Status identity(Handle file, Identity* identity) {
  struct stat info;
  if (fstat(fd(file), &info) != 0) return last("fstat");
  *identity = identityOf(info);
  return {};
}

Status stat(Handle file, FileStat* stat) {
  return statDescriptor(fd(file), stat) == 0 ? Status{} : last("fstat");
}

Status inspect(Handle file, const Place& place, Identity* identity, std::int64_t* bytes, bool* moved) {
  struct stat info;
  if (fstat(fd(file), &info) != 0) return last("fstat");
  *identity = identityOf(info);
  if (Status status = refuseKind(info); !status) return status;
  // The kernel would round a mapping of it up, over what lies after the window.
  if (static_cast<std::size_t>(info.st_blksize) > pageSize() && hasHugePages(fd(file))) {
    return Status::make(Kind::unsupported, "mmap",
                        "this file is made of huge pages (hugetlbfs), of " + std::to_string(info.st_blksize) +
                            " bytes, which cannot be mapped in part; copy it to another file system and open the copy");
  }
  // Files of /proc claim to be empty and are not: an empty mapping of one would be a lie.
  // So may one that somebody cuts and grows all the time, but not time after time.
  char byte;
  for (int attempt = 0; info.st_size == 0 && pread(fd(file), &byte, 1, 0) != 0; ++attempt) {
    if (attempt == 100) return Status::system(ENODEV, "mmap", kOnlyFiles);
    if (fstat(fd(file), &info) != 0) return last("fstat");
  }
  *bytes = info.st_size;
  if (place.file != kNoHandle) return {};
  // Without a name it was removed or replaced while we waited for its lock, or opened so on purpose.
  struct stat there;
  *moved = info.st_nlink == 0 && (fstatat(startOf(place), place.path.c_str(), &there, 0) != 0 ||
                                  !(identityOf(there) == *identity));
  return {};
}

Status resize(Handle file, std::int64_t bytes) {
  if (retry([&] { return ftruncate(fd(file), bytes); }) == 0) return {};
  return Status::system(errno, "ftruncate", whyNotResized(errno));
}

Status allocate(Handle file, std::int64_t offset, std::int64_t length) {
  int error;
  do error = allocateBlocks(fd(file), offset, length);
  while (error == EINTR);
  return error == 0 ? Status{} : Status::system(error, "posix_fallocate", whyNotResized(error));
}

Status reserve(Handle file, std::int64_t offset, std::int64_t length) {
  int error;
  do error = reserveBlocks(fd(file), offset, length);
  while (error == EINTR);
  return error == ENOSPC || error == EDQUOT ? Status::system(error, "fallocate") : Status{};
}

void nextData(Handle file, std::int64_t* from, std::int64_t* to) {
  if (!tellsHoles(fd(file))) return;
  const off_t start = lseek(fd(file), *from, SEEK_DATA);
  if (start < 0 && errno != ENXIO) return;
  *from = start < 0 ? *to : std::min<std::int64_t>(start, *to);
  const off_t stop = *from < *to ? lseek(fd(file), *from, SEEK_HOLE) : -1;
  if (stop >= 0) *to = std::min<std::int64_t>(stop, *to);
}

Status read(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset) {
  return retry([&] { return static_cast<int>(pread(fd(file), to, length, offset)); }) < 0 ? last("pread") : Status{};
}

Status write(Handle file, const std::uint8_t* from, std::size_t length, std::int64_t offset) {
  while (length > 0) {
    const ssize_t count = pwrite(fd(file), from, std::min<std::size_t>(length, 1 << 30), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Status::system(errno, "write", whyNotResized(errno));
    from += count;
    length -= static_cast<std::size_t>(count);
    offset += count;
  }
  return {};
}

Status sync(Handle file) {
  return retry([&] { return syncDescriptor(fd(file)); }) == 0 ? Status{} : last("fsync");
}

bool clone(Handle from, Handle to) { return cloneBlocks(fd(from), fd(to)); }

Status copyInKernel(Handle from, std::int64_t offset, std::int64_t length, Handle to, std::int64_t toOffset,
                    std::int64_t* copied) {
  if (copyWithinKernel(fd(from), offset, length, fd(to), toOffset, copied)) return {};
  switch (errno) {
    case EXDEV: case EINVAL: case ENOSYS: case ENOTSUP: case EBADF: case ETXTBSY: case EPERM:
      return {};  // not between these two; the caller copies the rest
    default:
      return last("copy_file_range");
  }
}

Status lock(Handle file, Lock kind, bool* acquired) {
  const int operation = kind == Lock::none ? LOCK_UN : kind == Lock::shared ? LOCK_SH : LOCK_EX;
  *acquired = retry([&] { return flock(fd(file), operation | LOCK_NB); }) == 0;
  if (*acquired || errno == EWOULDBLOCK) return {};
  return Status::system(errno, "flock",
                        "the file system may have no locks; open the file with the option lock: 'none', and see to it "
                        "yourself that nobody else changes it");
}

bool tellsResidency(Handle file) {
  struct stat info;
  if ((fcntl(fd(file), F_GETFL) & O_ACCMODE) == O_RDWR) return true;
  return fstat(fd(file), &info) == 0 && (geteuid() == 0 || geteuid() == info.st_uid);
}

Status openDirectory(const Place& place, Handle* directory) {
  *directory = openDescriptor(startOf(place), place.path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  return *directory >= 0 ? Status{} : last("open");
}

Status holdDirectory(const Place& place, Handle* directory) {
  *directory = openDescriptor(startOf(place), ".", directoryFlags(), 0);
  return *directory >= 0 ? Status{} : last("open");
}

}  // namespace fmmap::platform
