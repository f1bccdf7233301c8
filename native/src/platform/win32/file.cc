// Files: see platform/file.h.
#include "platform/win32/internal.h"

#include <algorithm>
#include <cstring>

namespace fmmap::platform {

namespace {

constexpr const char* kOnlyFiles = "only regular files can be mapped";
constexpr const char* kNotOpen = "nothing is open under this number any more; give an open descriptor";

/** The lock is one byte where no file has data: locks of Windows are mandatory, and would keep others from reading. */
constexpr std::int64_t kLockAt = std::int64_t{1} << 62;

OVERLAPPED placeAt(std::int64_t offset) {
  OVERLAPPED at{};
  at.Offset = static_cast<DWORD>(offset);
  at.OffsetHigh = static_cast<DWORD>(offset >> 32);
  return at;
}

template <typename Information>
Status read(Handle file, FILE_INFO_BY_HANDLE_CLASS kind, Information* information) {
  return GetFileInformationByHandleEx(of(file), kind, information, sizeof *information) ? Status{} : last("fstat");
}

Status openForUse(const std::wstring& path, const OpenRequest& request, DWORD disposition, Handle* file) {
  const auto given = [](std::int64_t value, DWORD otherwise) { return value < 0 ? otherwise : static_cast<DWORD>(value); };
  const DWORD access = given(request.accessMode, GENERIC_READ | (request.write ? GENERIC_WRITE : 0));
  const DWORD security = given(request.securityQosFlags, 0);
  const DWORD flags = (given(request.attributes, attributesFor(request.mode)) & 0xffff) | request.customFlags |
                      (security & 0x1f0000) | (security != 0 ? SECURITY_SQOS_PRESENT : 0);
  const DWORD share = given(request.shareMode, kShareAll);
  // Also asks for the right to execute, which only executable mappings need.
  const DWORD further[] = {request.accessMode < 0 ? GENERIC_EXECUTE : DWORD{0}, 0};
  for (const DWORD more : further) {
    const HANDLE handle = CreateFileW(path.c_str(), access | more, share, nullptr, disposition, flags, nullptr);
    *file = from(handle);
    if (handle != INVALID_HANDLE_VALUE) {
      if (GetFileType(handle) == FILE_TYPE_DISK) return {};
      close(*file);  // a device, which cannot be locked either
      *file = kNoHandle;
      return Status::system(ENODEV, "mmap", kOnlyFiles);
    }
    if (GetLastError() != ERROR_ACCESS_DENIED) break;
  }
  return last("open");
}

/** What a handle may be used for. */
DWORD rightsOf(Handle file) {
  struct Information {
    ULONG attributes;
    ACCESS_MASK access;
    ULONG rest[12];
  } found{};
  using Query = LONG(NTAPI*)(HANDLE, int, void*, ULONG, ULONG*);
  static const auto query = functionOf<Query>(L"ntdll.dll", "NtQueryObject");
  return query && query(of(file), 0, &found, sizeof found, nullptr) >= 0 ? found.access : 0;
}

Status openAgain(Handle held, bool write, Handle* file) {
  if (GetFileType(of(held)) != FILE_TYPE_DISK) {
    if (GetLastError() == ERROR_INVALID_HANDLE) return Status::system(EBADF, "open", kNotOpen);
    return Status::system(ENODEV, "mmap", kOnlyFiles);
  }
  FILE_STANDARD_INFO info{};
  if (Status status = read(held, FileStandardInfo, &info); !status) return status;
  if (info.Directory) return Status::system(EISDIR, "open");
  const DWORD rights = rightsOf(held);
  if ((rights & FILE_READ_DATA) == 0 || (write && (rights & FILE_WRITE_DATA) == 0)) {
    return Status::system(EACCES, "mmap",
                          write ? "this descriptor is not open for reading and writing, which a writable mapping needs ('r+')"
                                : "this descriptor is not open for reading, which every mapping needs ('r')");
  }
  const DWORD access = GENERIC_READ | (write ? GENERIC_WRITE : 0);
  for (const DWORD more : {DWORD{GENERIC_EXECUTE}, DWORD{0}}) {
    const HANDLE again = ReOpenFile(of(held), access | more, kShareAll, 0);
    *file = from(again);
    if (again != INVALID_HANDLE_VALUE) return {};
  }
  return last("open", "the file is opened anew, for a lock of its own");
}

template <typename Information>
bool change(Handle file, FILE_INFO_BY_HANDLE_CLASS kind, Information information) {
  return SetFileInformationByHandle(of(file), kind, &information, sizeof information) != 0;
}

Status allocateBlocks(Handle file, std::int64_t bytes) {
  FILE_ALLOCATION_INFO info;
  info.AllocationSize.QuadPart = bytes;
  return change(file, FileAllocationInfo, info) ? Status{} : last("posix_fallocate");
}

/** A directory cannot be opened as a file, and Windows only says that access is denied. */
Status refused(const std::wstring& path, Status status) {
  if (status.error != EPERM) return status;
  const DWORD attributes = GetFileAttributesW(path.c_str());
  const bool isDirectory = attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  return isDirectory ? Status::system(EISDIR, "open") : status;
}

/** What Node has for `dev` and `ino`. */
struct Numbers {
  std::uint64_t volume, file;
};

Status numbersOf(Handle file, Numbers* numbers) {
  BY_HANDLE_FILE_INFORMATION info;
  if (!GetFileInformationByHandle(of(file), &info)) return last("fstat");
  *numbers = {info.dwVolumeSerialNumber, static_cast<std::uint64_t>(info.nFileIndexHigh) << 32 | info.nFileIndexLow};
  return {};
}

}  // namespace

// --- opening ---

Status open(const OpenRequest& request, const Place& place, Handle* file, Handle* parent) {
  if (place.file != kNoHandle) return openAgain(place.file, request.write, file);
  std::wstring path;
  Status status = fullPath(place, &path);
  if (!status) return status;
  // As elsewhere: two kinds of attempt tell a file that this call created from one that existed.
  for (int attempt = 0; attempt < 100; ++attempt) {
    if (!request.createNew) {
      status = openForUse(path, request, OPEN_EXISTING, file);
      if (status) return {};
      if (status.error != ENOENT || !request.create) break;
    }
    if (*parent == kNoHandle) status = openParent(place, parent);
    if (*parent == kNoHandle) return status;
    status = openForUse(path, request, CREATE_NEW, file);
    if (status) return {};
    if (status.error != EEXIST || request.createNew) break;
  }
  if (*parent != kNoHandle) close(*parent);
  *parent = kNoHandle;
  return refused(path, status);
}

Status openMemory(Handle* file) {
  wchar_t directory[MAX_PATH + 1], name[MAX_PATH + 1];
  if (!GetTempPathW(MAX_PATH, directory) || !GetTempFileNameW(directory, L"mem", 0, name)) return last("open");
  // Windows keeps a file of this kind in memory as long as there is enough.
  const Status status = openPath(name, GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | DELETE, OPEN_EXISTING,
                                 FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, file);
  if (!status) DeleteFileW(name);
  return status;
}

Handle handleOf(int descriptor) {
  using Get = HANDLE (*)(int);
  static const auto get = functionOf<Get>(nullptr, "uv_get_osfhandle");
  return get ? from(get(descriptor)) : kNoHandle;
}

Status duplicate(Handle file, Handle* copy) {
  HANDLE made = INVALID_HANDLE_VALUE;
  if (file == kNoHandle) return Status::system(EBADF, "open", kNotOpen);
  if (!DuplicateHandle(self(), of(file), self(), &made, 0, FALSE, DUPLICATE_SAME_ACCESS)) return last("open", kNotOpen);
  *copy = from(made);
  return {};
}

void close(Handle file) { CloseHandle(of(file)); }

// --- what a file is ---

Status size(Handle file, std::int64_t* bytes) {
  LARGE_INTEGER found;
  if (!GetFileSizeEx(of(file), &found)) return last("fstat");
  *bytes = found.QuadPart;
  return {};
}

Status identity(Handle file, Identity* identity) {
  FILE_ID_INFO whole;
  if (read(file, FileIdInfo, &whole)) {
    std::uint64_t id[2];
    std::memcpy(id, &whole.FileId, sizeof id);
    *identity = {whole.VolumeSerialNumber, id[0], id[1]};
    return {};
  }
  Numbers numbers;
  Status status = numbersOf(file, &numbers);
  if (status) *identity = {numbers.volume, numbers.file};
  return status;
}

Status stat(Handle file, FileStat* stat) {
  FILE_BASIC_INFO basic;
  FILE_STANDARD_INFO standard;
  Numbers which;
  if (Status status = numbersOf(file, &which); !status) return status;
  if (Status status = read(file, FileBasicInfo, &basic); !status) return status;
  if (Status status = read(file, FileStandardInfo, &standard); !status) return status;
  const auto setTime = [](std::int64_t (&time)[2], const LARGE_INTEGER& ticks) {
    constexpr std::int64_t second = 10'000'000, since1601 = 11'644'473'600;  // in units of 100 ns; 1970 in seconds
    time[0] = ticks.QuadPart / second - since1601;
    time[1] = ticks.QuadPart % second * 100;
  };
  *stat = {};
  stat->device = static_cast<std::int64_t>(which.volume);
  stat->mode = 0100000 | ((basic.FileAttributes & FILE_ATTRIBUTE_READONLY) != 0 ? 0444 : 0666);
  stat->links = standard.NumberOfLinks;
  stat->blockSize = 4096;
  stat->file = static_cast<std::int64_t>(which.file);
  stat->size = standard.EndOfFile.QuadPart;
  stat->blocks = standard.AllocationSize.QuadPart / 512;
  setTime(stat->accessed, basic.LastAccessTime);
  setTime(stat->modified, basic.LastWriteTime);
  setTime(stat->changed, basic.ChangeTime);
  setTime(stat->born, basic.CreationTime);
  return {};
}

Status inspect(Handle file, const Place& place, std::int64_t* bytes, bool* moved) {
  FILE_STANDARD_INFO info;
  if (Status status = read(file, FileStandardInfo, &info); !status) return status;
  if (info.Directory) return Status::system(EISDIR, "open");
  *bytes = info.EndOfFile.QuadPart;
  *moved = place.file == kNoHandle && (info.DeletePending || info.NumberOfLinks == 0);
  return {};
}

// --- changing it ---

Status setMode(Handle file, int mode) {
  FILE_BASIC_INFO info{};
  if (Status status = read(file, FileBasicInfo, &info); !status) return status;
  const bool isReadOnly = (info.FileAttributes & FILE_ATTRIBUTE_READONLY) != 0;
  if (isReadOnly == ((mode & 0200) == 0)) return {};
  return setAttributes(file, info.FileAttributes ^ FILE_ATTRIBUTE_READONLY) ? Status{} : last("fchmod");
}

bool setAttributes(Handle file, DWORD attributes) {
  FILE_BASIC_INFO info{};  // a time of 0 stays as it is
  info.FileAttributes = attributes == 0 ? FILE_ATTRIBUTE_NORMAL : attributes;
  return change(file, FileBasicInfo, info);
}

Status resize(Handle file, std::int64_t bytes) {
  FILE_END_OF_FILE_INFO info;
  info.EndOfFile.QuadPart = bytes;
  return change(file, FileEndOfFileInfo, info) ? Status{} : last("ftruncate");
}

Status allocate(Handle file, std::int64_t offset, std::int64_t length) {
  std::int64_t present = 0;
  if (Status status = size(file, &present); !status) return status;
  if (offset + length <= present) return {};  // fewer blocks would cut it
  const Status status = allocateBlocks(file, offset + length);
  return status ? resize(file, offset + length) : status;
}

Status reserve(Handle file, std::int64_t offset, std::int64_t length) {
  const Status status = allocateBlocks(file, offset + length);
  return status.error == ENOSPC ? status : Status{};
}

Status sync(Handle file) {
  // Through a handle of its own: Windows serializes calls on one handle, and this one waits for the disk.
  const HANDLE own = ReOpenFile(of(file), GENERIC_WRITE, kShareAll, 0);
  const bool isOpen = own != INVALID_HANDLE_VALUE;  // not if the file was opened without sharing
  const bool isDone = FlushFileBuffers(isOpen ? own : of(file));
  const DWORD error = GetLastError();
  if (isOpen) CloseHandle(own);
  // A handle that cannot write has written nothing.
  return isDone || error == ERROR_ACCESS_DENIED ? Status{} : failure(error, "fsync");
}

// --- reading, writing and copying ---

Status read(Handle file, std::uint8_t* to, std::size_t length, std::int64_t offset, std::size_t* count) {
  OVERLAPPED at = placeAt(offset);
  DWORD got = 0;
  const auto wanted = static_cast<DWORD>(std::min<std::size_t>(length, 1 << 30));
  if (!ReadFile(of(file), to, wanted, &got, &at) && GetLastError() != ERROR_HANDLE_EOF) return last("pread");
  *count = got;
  return {};
}

Presence presence(Handle, std::int64_t, std::size_t) { return Presence::unknown; }

bool readCached(Handle, std::uint8_t*, std::size_t, std::int64_t) { return false; }

// Views and writes are the same only in practice: no document promises it.
Status writeCached(Handle, const std::uint8_t*, std::size_t, std::int64_t, std::size_t* count) {
  *count = 0;
  return {};
}

Status write(Handle file, const std::uint8_t* from, std::size_t length, std::int64_t offset) {
  while (length > 0) {
    OVERLAPPED at = placeAt(offset);
    DWORD count = 0;
    const auto wanted = static_cast<DWORD>(std::min<std::size_t>(length, 1 << 30));
    if (!WriteFile(of(file), from, wanted, &count, &at)) return last("write");
    from += count;
    length -= count;
    offset += count;
  }
  return {};
}

void nextData(Handle, std::int64_t*, std::int64_t*) {}

bool clone(Handle, Handle) { return false; }

Status copyInKernel(Handle, std::int64_t, std::int64_t, Handle, std::int64_t, std::int64_t* copied) {
  *copied = 0;
  return {};
}

// --- the advisory lock ---

Status lock(Handle file, Lock kind, bool* acquired) {
  OVERLAPPED at = placeAt(kLockAt);
  *acquired = true;
  // First of all: a lock that a handle takes twice must be released twice, and an exclusive one excludes its own handle.
  const bool isGone = UnlockFileEx(of(file), 0, 1, 0, &at) || GetLastError() == ERROR_NOT_LOCKED ||
                      GetLastError() == ERROR_LOCK_VIOLATION;  // which Wine says
  if (kind == Lock::none) return isGone ? Status{} : last("UnlockFileEx");
  at = placeAt(kLockAt);
  const DWORD flags = LOCKFILE_FAIL_IMMEDIATELY | (kind == Lock::exclusive ? LOCKFILE_EXCLUSIVE_LOCK : 0);
  if (LockFileEx(of(file), flags, 0, 1, 0, &at)) return {};
  *acquired = false;
  const DWORD error = GetLastError();
  if (error == ERROR_LOCK_VIOLATION || error == ERROR_IO_PENDING) return {};
  return failure(error, "LockFileEx",
                 "the file system may have no locks; open the file with the option lock: 'none', and see to it yourself "
                 "that nobody else changes it");
}

// --- errors ---

const char* errorName(int) { return ""; }

}  // namespace fmmap::platform
