// Directories, and files by their name in an open one: see platform/directory.h.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/posix/internal.h"

namespace fmmap::platform {

namespace {

/** `reason` is a word for what is at the path; `IdentityReason` in packages/core/src/errors.ts lists them. */
Status refuse(const char* syscall, const char* reason, const char* why) {
  return Status::make(Kind::identity, syscall, why, reason);
}

Status nothing(const char* syscall) {
  return refuse(syscall, "missing", "nothing is at this path any more; the file was renamed or removed by somebody else");
}

/** What has the last name of `path` in a directory, without following links; if there is nothing, its mode is 0. */
Status look(Handle parent, const std::string& path, const Identity* only, const char* syscall, struct stat* found) {
  *found = {};
  if (fstatat(static_cast<int>(parent), entryOf(path).c_str(), found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) return Status::system(errno, "lstat");
    return only ? nothing(syscall) : Status{};
  }
  if (!only || identityOf(*found) == *only) return {};
  if (S_ISLNK(found->st_mode)) {
    return refuse(syscall, "symlink", "a symbolic link is at this path; use the file's own name");
  }
  return refuse(syscall, "replaced", "another file is at this path now; it was left alone");
}

}  // namespace

std::string entryOf(const std::string& path) {
  if (!path.empty() && path.back() == '/') return ".";
  return path.substr(path.find_last_of('/') + 1);
}

// --- directories ---

int directoryFlags() { return searchFlag() | O_DIRECTORY; }

Status openDirectory(const Place& place, Handle* directory) {
  *directory = openDescriptor(startOf(place), place.path.c_str(), O_RDONLY | O_DIRECTORY, 0);
  return *directory >= 0 ? Status{} : last("open");
}

Status openParent(const Place& place, Handle* directory) {
  const std::string& path = place.path;
  const std::size_t slash = path.find_last_of('/');
  const std::string parent = slash == 0 ? "/" : slash == std::string::npos ? "." : path.substr(0, slash);
  Status status = openDirectory({parent, place.directory}, directory);
  if (status.error == EACCES) {
    status.detail = "the directory must be readable, or what changes in it cannot be made durable (fsync); chmod u+r it";
  }
  return status;
}

Status holdDirectory(const Place& place, Handle* directory) {
  *directory = openDescriptor(startOf(place), ".", directoryFlags(), 0);
  return *directory >= 0 ? Status{} : last("open");
}

bool canSyncDirectories() { return true; }

Status syncDirectory(Handle directory) {
  int result;
  do result = fsync(static_cast<int>(directory));
  while (result < 0 && errno == EINTR);
  // Some file systems cannot sync a directory and need not: they return EINVAL.
  if (result == 0 || errno == EINVAL) return {};
  const Status status = Status::system(errno, "fsync");
  // The next fsync does not retry what has failed: ext4 finds nothing to do then, although its journal has stopped, and
  // reports success. So give it something to do.
  futimens(static_cast<int>(directory), nullptr);
  return status;
}

bool absolutePath(const Place& place, Handle file, std::string* path) {
  *path = place.path;
  if (!path->empty() && path->front() == '/') return true;
  const std::string directory = nameOfDirectory(startOf(place));
  if (directory.empty()) return false;
  *path = directory + (directory.back() == '/' ? "" : "/") + place.path;
  struct stat here, there;
  return fstat(fd(file), &here) == 0 && ::stat(path->c_str(), &there) == 0 && identityOf(there) == identityOf(here);
}

// --- names in an open directory ---

Status createNew(Handle parent, const std::string& path, int mode, Handle* file) {
  *file = openDescriptor(fd(parent), entryOf(path).c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
  return *file >= 0 ? Status{} : last("open");
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

Status setLike(Handle file, const Entry& entry) {
  const auto user = static_cast<uid_t>(entry.user);
  const auto group = static_cast<gid_t>(entry.group);
  // Only root can give a file away, and others only to their own groups. Without that, the rights that depend on it are
  // left out.
  const bool isGiven = fchown(fd(file), user, group) == 0 || fchown(fd(file), static_cast<uid_t>(-1), group) == 0;
  struct stat own;
  if (fstat(fd(file), &own) != 0) return last("fstat");
  int mode = entry.mode;
  if (!isGiven || own.st_uid != user) mode &= ~S_ISUID;
  if (own.st_gid != group) mode &= ~S_ISGID & ~((~mode & S_IRWXO) << 3);
  return setMode(file, mode);
}

Status removeEntry(Handle parent, const std::string& path, const Identity& identity) {
  struct stat found;
  if (Status status = look(parent, path, &identity, "unlink", &found); !status) return status;
  if (unlinkat(static_cast<int>(parent), entryOf(path).c_str(), 0) == 0) return {};
  return errno == ENOENT ? nothing("unlink") : Status::system(errno, "unlink");
}

Status findEntry(Handle parent, const std::string& path, const Identity* only, Entry* entry) {
  struct stat found;
  if (Status status = look(parent, path, only, "rename", &found); !status) return status;
  if (S_ISDIR(found.st_mode)) return Status::system(EISDIR, "rename");
  if (found.st_mode != 0 && !S_ISREG(found.st_mode) && !S_ISLNK(found.st_mode)) {
    return Status::system(EEXIST, "rename", "what is at this path is a device, a pipe or a socket; it was left alone");
  }
  *entry = {S_ISREG(found.st_mode), static_cast<int>(found.st_mode & 07777), found.st_uid, found.st_gid};
  return {};
}

Status replaceEntry(Handle parent, const std::string& name, const std::string& path) {
  const int directory = static_cast<int>(parent);
  return renameat(directory, name.c_str(), directory, entryOf(path).c_str()) == 0 ? Status{}
                                                                                 : Status::system(errno, "rename");
}

}  // namespace fmmap::platform
