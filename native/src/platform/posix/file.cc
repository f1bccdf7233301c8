// Files: see platform/file.h.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/directory.h"
#include "platform/posix/internal.h"

namespace fmmap::platform {

namespace {

const char* whyNotResized(int error) {
  return error == EFBIG ? "so large a file is more than its file system, or this process (ulimit -f), may have; ask for less"
                        : "";
}

constexpr const char* kOnlyFiles = "only regular files can be mapped";
constexpr const char* kNotOpen = "nothing is open under this number any more; give an open descriptor";

/** Refuses kinds of files that cannot be mapped. */
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
  if (Status status = refuseKind(info); !status) return status;  // before open(2), which may have effects on a device
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

Status open(const OpenRequest& request, const Place& place, Handle* file, Handle* parent) {
  // Whoever calls the addon itself must not change a file before it is locked, either.
  const int custom = static_cast<int>(request.customFlags) & ~(O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC);
  const int flags = (request.write ? O_RDWR : O_RDONLY) | (request.append ? O_APPEND : 0) | custom;
  if (place.file != kNoHandle) return openAgain(fd(place.file), flags, file);
  Status status;
  // Two kinds of attempt tell a file that this call created from one that existed. Each can lose a race to a process that
  // removes or creates it in between, so they alternate for a while.
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

Status setMode(Handle file, int mode) {
  if (fchmod(fd(file), static_cast<mode_t>(mode)) == 0 || errno == EPERM || errno == ENOTSUP) return {};
  return last("fchmod");
}

Status openMemory(Handle* file) {
  *file = memoryDescriptor();
  return *file >= 0 ? Status{} : last("memfd_create");
}

Handle handleOf(int descriptor) { return descriptor; }

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

Status inspect(Handle file, const Place& place, std::int64_t* bytes, bool* moved) {
  struct stat info;
  if (fstat(fd(file), &info) != 0) return last("fstat");
  if (Status status = refuseKind(info); !status) return status;
  // The kernel would round a mapping of it up, over what comes after the window.
  if (static_cast<std::size_t>(info.st_blksize) > pageSize() && hasHugePages(fd(file))) {
    return Status::make(Kind::unsupported, "mmap",
                        "this file is made of huge pages (hugetlbfs), of " + std::to_string(info.st_blksize) +
                            " bytes, which cannot be mapped in part; copy it to another file system and open the copy");
  }
  // Files of /proc claim to be empty and are not: an empty mapping of one would be wrong. A file that another process cuts
  // and grows may seem so once, but not time after time.
  char byte;
  for (int attempt = 0; info.st_size == 0 && pread(fd(file), &byte, 1, 0) != 0; ++attempt) {
    if (attempt == 100) return Status::system(ENODEV, "mmap", kOnlyFiles);
    if (fstat(fd(file), &info) != 0) return last("fstat");
  }
  *bytes = info.st_size;
  if (place.file != kNoHandle) return {};
  // A file without a name was removed or replaced while this call waited for its lock, or was opened so on purpose.
  struct stat there;
  *moved = info.st_nlink == 0 && (fstatat(startOf(place), place.path.c_str(), &there, 0) != 0 ||
                                  !(identityOf(there) == identityOf(info)));
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

void nextData(Handle file, std::int64_t* from, std::int64_t* to) {
  if (!tellsHoles(fd(file))) return;
  const off_t start = lseek(fd(file), *from, SEEK_DATA);
  if (start < 0 && errno != ENXIO) return;
  *from = start < 0 ? *to : std::min<std::int64_t>(start, *to);
  const off_t stop = *from < *to ? lseek(fd(file), *from, SEEK_HOLE) : -1;
  if (stop >= 0) *to = std::min<std::int64_t>(stop, *to);
}

Status read(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset, std::size_t* count) {
  ssize_t got;
  do got = pread(fd(file), to, length, offset);
  while (got < 0 && errno == EINTR);
  if (got < 0) return last("pread");
  *count = static_cast<std::size_t>(got);
  return {};
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

Status lock(Handle file, Lock kind, bool* acquired) {
  const int operation = kind == Lock::none ? LOCK_UN : kind == Lock::shared ? LOCK_SH : LOCK_EX;
  *acquired = retry([&] { return flock(fd(file), operation | LOCK_NB); }) == 0;
  if (*acquired || errno == EWOULDBLOCK) return {};
  return Status::system(errno, "flock",
                        "the file system may have no locks; open the file with the option lock: 'none', and see to it "
                        "yourself that nobody else changes it");
}

}  // namespace fmmap::platform
