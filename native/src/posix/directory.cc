#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "os.h"

namespace fmmap::platform {

namespace {

/** Identity errors tell by a word what is at the path; `IdentityReason` in packages/core/src/errors.ts lists them. */
Status refuse(const char* reason, const char* why) { return Status::make(Kind::identity, "unlink", why, reason); }

Status nothing() {
  return refuse("missing", "nothing is at this path any more; the file was renamed or removed by somebody else");
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
  const std::string name = entryOf(path);
  const int directory = static_cast<int>(parent);
  struct stat info;
  if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? nothing() : Status::system(errno, "lstat");
  }
  if (S_ISLNK(info.st_mode)) {
    return refuse("symlink", "a symbolic link is at this path; remove the file by its own name");
  }
  if (!(identityOf(info) == identity)) return refuse("replaced", "another file is at this path now; it was left alone");
  if (unlinkat(directory, name.c_str(), 0) == 0) return {};
  return errno == ENOENT ? nothing() : Status::system(errno, "unlink");
}

}  // namespace fmmap::platform
