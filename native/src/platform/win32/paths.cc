// Errors and paths of Windows: see platform/win32/internal.h.
#include "platform/win32/internal.h"

namespace fmmap::platform {

// --- errors ---

int errnoOf(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_DRIVE:
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME: return ENOENT;
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD: return EPERM;
    case ERROR_SHARING_VIOLATION:
    case ERROR_USER_MAPPED_FILE:
    case ERROR_LOCK_VIOLATION:
    case ERROR_PIPE_BUSY:
    case ERROR_DELETE_PENDING: return EBUSY;
    case ERROR_FILE_EXISTS:
    case ERROR_ALREADY_EXISTS: return EEXIST;
    case ERROR_DISK_FULL:
    case ERROR_HANDLE_DISK_FULL: return ENOSPC;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NO_SYSTEM_RESOURCES:
    case ERROR_NOT_ENOUGH_QUOTA:
    case ERROR_WORKING_SET_QUOTA: return ENOMEM;
    case ERROR_TOO_MANY_OPEN_FILES: return EMFILE;
    case ERROR_INVALID_HANDLE: return EBADF;
    case ERROR_NOACCESS:
    case ERROR_PARTIAL_COPY: return EFAULT;
    case ERROR_WRITE_PROTECT: return EROFS;
    case ERROR_DIRECTORY: return ENOTDIR;
    case ERROR_DIR_NOT_EMPTY: return ENOTEMPTY;
    case ERROR_NOT_SAME_DEVICE: return EXDEV;
    case ERROR_CANT_RESOLVE_FILENAME: return ELOOP;
    case ERROR_FILENAME_EXCED_RANGE:
    case ERROR_BUFFER_OVERFLOW: return ENAMETOOLONG;
    case ERROR_NOT_SUPPORTED:
    case ERROR_CALL_NOT_IMPLEMENTED:
    case ERROR_INVALID_FUNCTION: return ENOSYS;
    case ERROR_INVALID_PARAMETER:
    case ERROR_INVALID_ADDRESS: return EINVAL;
    case ERROR_FILE_TOO_LARGE: return EFBIG;
    default: return EIO;
  }
}

Status failure(DWORD error, const char* syscall, std::string detail) {
  if (error == ERROR_USER_MAPPED_FILE && detail.empty()) {
    detail = "Windows changes no file of which pages are mapped; close its other mappings, in this and other processes";
  }
  const int number = errnoOf(error);
  if (detail.empty() && (number == ENOENT || number == EEXIST)) return Status::system(number, syscall);
  const std::string said = "Windows error " + std::to_string(error);
  return Status::system(number, syscall, detail.empty() ? said : detail + " (" + said + ")");
}

// --- paths ---

namespace {

constexpr wchar_t kReplacement = 0xfffd;

/** How many bytes follow the first one of a character, and the bits that the first one has. */
int following(unsigned char first, std::uint32_t* bits) {
  if (first < 0x80) return *bits = first, 0;
  if (first >= 0xc2 && first < 0xe0) return *bits = first & 0x1f, 1;
  if (first >= 0xe0 && first < 0xf0) return *bits = first & 0x0f, 2;
  if (first >= 0xf0 && first < 0xf5) return *bits = first & 0x07, 3;
  return *bits = kReplacement, 0;
}

bool isHalf(wchar_t unit, wchar_t from) { return unit >= from && unit < from + 0x400; }

}  // namespace

std::wstring wide(const std::string& path) {
  std::wstring text;
  for (std::size_t at = 0; at < path.size();) {
    std::uint32_t code = 0;
    int more = following(static_cast<unsigned char>(path[at++]), &code);
    for (; more > 0 && at < path.size() && (path[at] & 0xc0) == 0x80; --more) code = code << 6 | (path[at++] & 0x3f);
    if (more > 0 || code > 0x10ffff) code = kReplacement;
    if (code >= 0x10000) {
      text += static_cast<wchar_t>(0xd800 + ((code - 0x10000) >> 10));
      text += static_cast<wchar_t>(0xdc00 + ((code - 0x10000) & 0x3ff));
    } else {
      text += static_cast<wchar_t>(code);
    }
  }
  return text;
}

std::string narrow(const std::wstring& path) {
  std::string text;
  const auto add = [&](std::uint32_t value) { text += static_cast<char>(value); };
  for (std::size_t at = 0; at < path.size(); ++at) {
    std::uint32_t code = path[at];
    if (isHalf(path[at], 0xd800) && at + 1 < path.size() && isHalf(path[at + 1], 0xdc00)) {
      code = 0x10000 + ((code & 0x3ff) << 10 | (path[++at] & 0x3ff));
    }
    if (code < 0x80) {
      add(code);
      continue;
    }
    if (code < 0x800) {
      add(0xc0 | code >> 6);
    } else {
      if (code < 0x10000) add(0xe0 | code >> 12);
      else add(0xf0 | code >> 18), add(0x80 | (code >> 12 & 0x3f));
      add(0x80 | (code >> 6 & 0x3f));
    }
    add(0x80 | (code & 0x3f));
  }
  return text;
}

Status fullPath(const std::string& path, std::wstring* full) {
  const std::wstring given = wide(path);
  if (given.rfind(L"\\\\?\\", 0) == 0) {
    *full = given;
    return {};
  }
  std::wstring text(given.size() + MAX_PATH, L'\0');
  for (;;) {
    const DWORD length = GetFullPathNameW(given.c_str(), static_cast<DWORD>(text.size()), text.data(), nullptr);
    if (length == 0) return given.empty() ? Status::system(ENOENT, "open") : last("open");
    const bool isWhole = length < text.size();
    text.resize(length);
    if (isWhole) break;
  }
  if (text.rfind(L"\\\\.\\", 0) == 0 || text.rfind(L"\\\\?\\", 0) == 0) *full = text;
  else if (text.rfind(L"\\\\", 0) == 0) *full = L"\\\\?\\UNC" + text.substr(1);
  else *full = L"\\\\?\\" + text;
  return {};
}

Status fullPath(const Place& place, std::wstring* full) {
  const std::string& path = place.path;
  const auto isSlash = [](char one) { return one == '/' || one == '\\'; };
  // `C:name` is relative to that drive's working directory, which only the process knows.
  const bool isRelative = !path.empty() && !isSlash(path[0]) && (path.size() < 2 || path[1] != ':');
  if (place.directory == kNoHandle || !isRelative) return fullPath(path, full);
  std::wstring start;
  if (Status status = pathOf(place.directory, &start); !status) return status;
  // Without the prefix, which would keep `.` and `..` as they are.
  const std::wstring server = L"\\\\?\\UNC\\";
  if (start.rfind(server, 0) == 0) start.replace(0, server.size(), L"\\\\");
  else if (start.rfind(L"\\\\?\\", 0) == 0) start.erase(0, 4);
  return fullPath(narrow(start) + '\\' + path, full);
}

Status entryOf(const std::string& path, std::wstring* entry) {
  std::wstring full;
  if (Status status = fullPath(path, &full); !status) return status;
  *entry = full.substr(full.find_last_of(L'\\') + 1);
  const bool isStream = entry->find(L':') != std::wstring::npos;
  return isStream ? failure(ERROR_INVALID_NAME, "open") : Status{};
}

Status pathOf(Handle file, std::wstring* path) {
  for (DWORD room = MAX_PATH;;) {
    path->resize(room);
    const DWORD length = GetFinalPathNameByHandleW(of(file), path->data(), room, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    if (length == 0) return last("realpath");
    if (length < room) return path->resize(length), Status{};
    room = length + 1;
  }
}

Status entryPath(Handle parent, const std::string& path, std::wstring* full) {
  std::wstring entry;
  if (Status status = entryOf(path, &entry); !status) return status;
  if (Status status = pathOf(parent, full); !status) return status;
  if (full->back() != L'\\') *full += L'\\';
  *full += entry;
  return {};
}

Status openPath(const std::wstring& path, DWORD access, DWORD disposition, DWORD flags, Handle* file) {
  const HANDLE handle = CreateFileW(path.c_str(), access, kShareAll, nullptr, disposition, flags, nullptr);
  *file = from(handle);
  return handle != INVALID_HANDLE_VALUE ? Status{} : last("open");
}

}  // namespace fmmap::platform
