// Directories, and files by their name in an open one: see platform/directory.h.
//
// Windows has no unlinkat(2). Names are resolved by the present path of the open directory, and what is deleted or renamed is
// what the path led to when it was opened: its identity is checked on that very handle.
#include "platform/win32/internal.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace fmmap::platform {

namespace {

// Of FILE_INFO_BY_HANDLE_CLASS; older headers lack them.
constexpr auto kDispositionEx = static_cast<FILE_INFO_BY_HANDLE_CLASS>(21);
constexpr auto kRenameEx = static_cast<FILE_INFO_BY_HANDLE_CLASS>(22);
constexpr DWORD kIgnoreReadOnly = 0x40;  // FILE_RENAME_FLAG_IGNORE_READONLY_ATTRIBUTE

/** `reason` is a word for what is at the path; `IdentityReason` in packages/core/src/errors.ts lists them. */
Status refuse(const char* syscall, const char* reason, const char* why) {
  return Status::make(Kind::identity, syscall, why, reason);
}

Status nothing(const char* syscall) {
  return refuse(syscall, "missing", "nothing is at this path any more; the file was renamed or removed by somebody else");
}

class Owned {
 public:
  ~Owned() {
    if (handle_ != kNoHandle) close(handle_);
  }
  Handle* operator&() { return &handle_; }
  operator Handle() const { return handle_; }

 private:
  Handle handle_ = kNoHandle;
};

struct Found {
  DWORD attributes = 0;
  bool isLink = false;
  bool isDirectory = false;
};

Status look(Handle entry, Found* found) {
  FILE_ATTRIBUTE_TAG_INFO info;
  if (!GetFileInformationByHandleEx(of(entry), FileAttributeTagInfo, &info, sizeof info)) return last("lstat");
  found->attributes = info.FileAttributes;
  // Other reparse points (cloud files, deduplication) are files to every program. This bit is that of IsReparseTagNameSurrogate.
  found->isLink = (info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0 && (info.ReparseTag & 0x20000000) != 0;
  found->isDirectory = (info.FileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  return {};
}

/** Opens what has the name itself, not what it links to. If there is nothing, `entry` is kNoHandle. */
Status openEntry(const std::wstring& path, DWORD access, Handle* entry) {
  const Status status = openPath(path, access | FILE_READ_ATTRIBUTES | SYNCHRONIZE, OPEN_EXISTING,
                                 FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, entry);
  return status.error == ENOENT ? Status{} : status;
}

/** Refuses what is not the file with that identity. */
Status check(Handle entry, const Found& found, const Identity& only, const char* syscall) {
  Identity which;
  if (Status status = identity(entry, &which); !status) return status;
  if (which == only && !found.isLink) return {};
  if (found.isLink) return refuse(syscall, "symlink", "a symbolic link is at this path; use the file's own name");
  return refuse(syscall, "replaced", "another file is at this path now; it was left alone");
}

bool setDisposition(Handle entry, ULONG flags) {
  FILE_DISPOSITION_INFO_EX info{flags};
  return SetFileInformationByHandle(of(entry), kDispositionEx, &info, sizeof info) != 0;
}

bool isUnknown(DWORD error) {
  return error == ERROR_INVALID_PARAMETER || error == ERROR_INVALID_FUNCTION || error == ERROR_NOT_SUPPORTED ||
         error == ERROR_CALL_NOT_IMPLEMENTED;
}

/** Before Windows 10 1709, and on file systems that do not know better: a read-only file is not deleted. */
Status deleteOldWay(Handle entry, const Found& found) {
  const bool isReadOnly = (found.attributes & FILE_ATTRIBUTE_READONLY) != 0;
  HANDLE writer = INVALID_HANDLE_VALUE;
  if (isReadOnly) {
    writer = ReOpenFile(of(entry), FILE_READ_ATTRIBUTES | FILE_WRITE_ATTRIBUTES, kShareAll, FILE_FLAG_OPEN_REPARSE_POINT);
    if (writer == INVALID_HANDLE_VALUE || !setAttributes(from(writer), found.attributes & ~FILE_ATTRIBUTE_READONLY)) {
      const Status status = last("unlink");
      if (writer != INVALID_HANDLE_VALUE) CloseHandle(writer);
      return status;
    }
  }
  FILE_DISPOSITION_INFO info{TRUE};
  Status status;
  if (!SetFileInformationByHandle(of(entry), FileDispositionInfo, &info, sizeof info)) {
    status = last("unlink");
    if (isReadOnly) setAttributes(from(writer), found.attributes);
  }
  if (writer != INVALID_HANDLE_VALUE) CloseHandle(writer);
  return status;
}

bool isReadOnly(DWORD attributes) {
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_READONLY) != 0;
}

/** By the path, for there is no other way. */
Status replaceOldWay(const std::wstring& from, const std::wstring& to, DWORD attributes) {
  if (isReadOnly(attributes) && !SetFileAttributesW(to.c_str(), attributes & ~FILE_ATTRIBUTE_READONLY)) return last("rename");
  if (MoveFileExW(from.c_str(), to.c_str(), MOVEFILE_REPLACE_EXISTING)) return {};
  const Status status = last("rename");
  if (isReadOnly(attributes)) SetFileAttributesW(to.c_str(), attributes);
  return status;
}

}  // namespace

// --- directories ---

int directoryFlags() { return 0; }

Status openDirectory(const Place& place, Handle* directory) {
  std::wstring path;
  if (Status status = fullPath(place, &path); !status) return status;
  // Flushing needs write access, and everything else the least that there is.
  const DWORD wishes[] = {GENERIC_READ | GENERIC_WRITE, GENERIC_READ, FILE_TRAVERSE | FILE_READ_ATTRIBUTES | SYNCHRONIZE};
  Status status;
  for (const DWORD access : wishes) {
    status = openPath(path, access, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, directory);
    if (status || status.error == ENOENT) break;
  }
  if (!status) return status;
  Found found;
  status = look(*directory, &found);
  if (status && !found.isDirectory) status = Status::system(ENOTDIR, "open");
  if (status) return {};
  close(*directory);
  *directory = kNoHandle;
  return status;
}

Status openParent(const Place& place, Handle* directory) {
  std::wstring path;
  if (Status status = fullPath(place, &path); !status) return status;
  // With the backslash, without which the root of a volume is the volume itself.
  return openDirectory({narrow(path.substr(0, path.find_last_of(L'\\') + 1))}, directory);
}

Status holdDirectory(const Place&, Handle*) { return Status::system(ENOSYS, "open"); }

bool canSyncDirectories() { return false; }

Status syncDirectory(Handle directory) {
  return FlushFileBuffers(of(directory)) ? Status{} : last("fsync", "Windows lets few programs flush a directory");
}

bool absolutePath(const Place& place, Handle, std::string* path) {
  std::wstring full;
  if (!fullPath(place, &full)) return false;
  *path = narrow(full);
  return true;
}

// --- names in an open directory ---

Status createNew(Handle parent, const std::string& path, int mode, Handle* file) {
  std::wstring full;
  if (Status status = entryPath(parent, path, &full); !status) return status;
  return openPath(full, GENERIC_READ | GENERIC_WRITE, CREATE_NEW, attributesFor(mode), file);
}

Status createUnnamed(Handle parent, const std::string& path, int, Handle* file) {
  *file = kNoHandle;
  std::wstring full;
  Owned entry;
  if (Status status = entryPath(parent, path, &full); !status) return status;
  if (Status status = openEntry(full, 0, &entry); !status) return status;
  return entry == kNoHandle ? Status{} : Status::system(EEXIST, "open");
}

Status giveName(Handle, Handle, const std::string&) { return Status::system(ENOSYS, "open"); }

Status setLike(Handle file, const Entry& entry) { return setMode(file, entry.mode); }

Status removeEntry(Handle parent, const std::string& path, const Identity& only) {
  std::wstring full;
  Owned entry;
  if (Status status = entryPath(parent, path, &full); !status) return status;
  if (Status status = openEntry(full, DELETE, &entry); !status) {
    status.syscall = "unlink";
    return status;
  }
  if (entry == kNoHandle) return nothing("unlink");
  Found found;
  if (Status status = look(entry, &found); !status) return status;
  if (Status status = check(entry, found, only, "unlink"); !status) return status;
  if (setDisposition(entry, FILE_DISPOSITION_FLAG_DELETE | FILE_DISPOSITION_FLAG_POSIX_SEMANTICS |
                                FILE_DISPOSITION_FLAG_IGNORE_READONLY_ATTRIBUTE)) {
    return {};
  }
  const DWORD error = GetLastError();
  return isUnknown(error) ? deleteOldWay(entry, found) : failure(error, "unlink");
}

Status findEntry(Handle parent, const std::string& path, const Identity* only, Entry* result) {
  std::wstring full;
  Owned entry;
  *result = {};
  if (Status status = entryPath(parent, path, &full); !status) return status;
  if (Status status = openEntry(full, 0, &entry); !status) return status;
  if (entry == kNoHandle) return only ? nothing("rename") : Status{};
  Found found;
  if (Status status = look(entry, &found); !status) return status;
  if (only) {
    if (Status status = check(entry, found, *only, "rename"); !status) return status;
  }
  if (found.isDirectory) return Status::system(EISDIR, "rename");
  result->isFile = !found.isLink;
  result->mode = (found.attributes & FILE_ATTRIBUTE_READONLY) != 0 ? 0444 : 0666;
  return {};
}

Status replaceEntry(Handle parent, const std::string& name, const std::string& path) {
  std::wstring from, to;
  if (Status status = entryPath(parent, name, &from); !status) return status;
  if (Status status = entryPath(parent, path, &to); !status) return status;
  Owned entry;
  if (Status status = openEntry(from, DELETE, &entry); !status) return status;
  if (entry == kNoHandle) return Status::system(ENOENT, "rename");
  const std::size_t bytes = to.size() * sizeof(wchar_t);
  std::vector<std::uint64_t> space((sizeof(FILE_RENAME_INFO) + bytes) / sizeof(std::uint64_t) + 1);
  auto* const info = reinterpret_cast<FILE_RENAME_INFO*>(space.data());
  info->Flags = FILE_RENAME_FLAG_REPLACE_IF_EXISTS | FILE_RENAME_FLAG_POSIX_SEMANTICS | kIgnoreReadOnly;
  info->FileNameLength = static_cast<DWORD>(bytes);
  std::copy(to.begin(), to.end(), info->FileName);
  const auto size = static_cast<DWORD>(space.size() * sizeof(std::uint64_t));
  if (SetFileInformationByHandle(of(entry), kRenameEx, info, size)) return {};
  const DWORD error = GetLastError();
  // Before Windows 10 1809 these flags are unknown, or the one about read-only files is.
  const DWORD attributes = GetFileAttributesW(to.c_str());
  const bool isOld = isUnknown(error) || (error == ERROR_ACCESS_DENIED && isReadOnly(attributes));
  return isOld ? replaceOldWay(from, to, attributes) : failure(error, "rename");
}

}  // namespace fmmap::platform
