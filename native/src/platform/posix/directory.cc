#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "platform/posix/internal.h"

namespace fmmap::platform {

namespace {

/** Identity errors tell by a word what is at the path; `IdentityReason` in packages/core/src/errors.ts lists them. */
Status refuse(const char* syscall, const char* reason, const char* why) {
  return Status::make(Kind::identity, syscall, why, reason);
}

Status nothing(const char* syscall) {
  return refuse(syscall, "missing", "nothing is at this path any more; the file was renamed or removed by somebody else");
}

/** What has the last name of `path` in a directory, without following it: its mode is 0 if that is nothing. */
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

Status syncDirectory(Handle directory) {
  int result;
  do result = fsync(static_cast<int>(directory));
  while (result < 0 && errno == EINTR);
  // Some file systems cannot sync a directory and need not: they say EINVAL.
  if (result == 0 || errno == EINVAL) return {};
  const Status status = Status::system(errno, "fsync");
  // What has failed is not tried again by the next fsync: ext4 finds nothing to do then, though its journal has
  // stopped, and calls it a success. So there shall be something to do.
  futimens(static_cast<int>(directory), nullptr);
  return status;
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
