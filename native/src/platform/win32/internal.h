// Not part of the contract: what the Windows files share.
#pragma once

#include <windows.h>
// After the first one, which it needs.
#include <psapi.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "platform/directory.h"
#include "platform/file.h"
#include "platform/memory.h"

namespace fmmap::platform {

inline HANDLE of(Handle file) { return reinterpret_cast<HANDLE>(file); }
inline Handle from(HANDLE handle) { return reinterpret_cast<Handle>(handle); }

inline HANDLE self() { return GetCurrentProcess(); }

/** Other programs may do with the file what they like, as on other systems. */
inline constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/** A function of a module that is loaded; null if it has none of that name. */
template <typename Function>
Function functionOf(const wchar_t* module, const char* name) {
  const HMODULE handle = GetModuleHandleW(module);
  return handle ? reinterpret_cast<Function>(reinterpret_cast<void*>(GetProcAddress(handle, name))) : nullptr;
}

// --- errors (paths.cc) ---

/** The errno that Node has for an error of Windows. */
int errnoOf(DWORD error);
/** Windows' own number is kept in the detail. */
Status failure(DWORD error, const char* syscall, std::string detail = {});
/** The error of the last system call. */
inline Status last(const char* syscall, std::string detail = {}) {
  return failure(GetLastError(), syscall, std::move(detail));
}

// --- paths, which the shared code has in WTF-8: UTF-8 that can hold half of a surrogate pair (paths.cc) ---

std::wstring wide(const std::string& path);
std::string narrow(const std::wstring& path);
/** The absolute path, in the form that has no limit of its length (\\?\). */
Status fullPath(const std::string& path, std::wstring* full);
/** The same for a path that may start from an open directory. */
Status fullPath(const Place& place, std::wstring* full);
/** The last name of a path. Refuses streams within a file (`name:stream`). */
Status entryOf(const std::string& path, std::wstring* entry);
/** The path of an open file or directory, as of now. */
Status pathOf(Handle file, std::wstring* path);
/** The path of what has the last name of `path` in a directory. */
Status entryPath(Handle parent, const std::string& path, std::wstring* full);

/** CreateFile, sharing all access. */
Status openPath(const std::wstring& path, DWORD access, DWORD disposition, DWORD flags, Handle* file);

/** The attributes of a new file with these permissions. */
inline DWORD attributesFor(int mode) { return (mode & 0200) != 0 ? FILE_ATTRIBUTE_NORMAL : FILE_ATTRIBUTE_READONLY; }
/** Leaves the times of the file as they are (file.cc). */
bool setAttributes(Handle file, DWORD attributes);

}  // namespace fmmap::platform
