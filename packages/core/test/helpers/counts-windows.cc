// Counts what a process has open, for Windows has no /proc, and lets reads of a page fail. Built by scripts/windows, and on
// Windows by native/test/binding.gyp.
#include <node_api.h>
#include <windows.h>

#include <psapi.h>
#include <tlhelp32.h>

#include <atomic>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace {

std::wstring textOf(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf16(env, value, nullptr, 0, &length);
  std::wstring text(length + 1, L'\0');
  napi_get_value_string_utf16(env, value, reinterpret_cast<char16_t*>(text.data()), length + 1, &length);
  text.resize(length);
  return text;
}

napi_value numberOf(napi_env env, uint32_t number) {
  napi_value result = nullptr;
  napi_create_uint32(env, number, &result);
  return result;
}

std::wstring argument(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value path = nullptr;
  napi_get_cb_info(env, info, &count, &path, nullptr, nullptr);
  return textOf(env, path);
}

std::set<uint64_t> identities(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  uint32_t length = 0;
  napi_get_array_length(env, arguments[1], &length);
  std::set<uint64_t> found;
  for (uint32_t index = 0; index < length; ++index) {
    napi_value element = nullptr;
    uint64_t number = 0;
    bool isWhole = false;
    napi_get_element(env, arguments[1], index, &element);
    napi_get_value_bigint_uint64(env, element, &number, &isWhole);
    found.insert(number);
  }
  return found;
}

/** All handles of this process; nothing but a list of those of the whole system has them, under Wine as well. */
std::vector<HANDLE> handles() {
  constexpr int kSystemExtendedHandleInformation = 64;
  constexpr LONG kTooSmall = static_cast<LONG>(0xc0000004);
  struct Entry {
    void* object;
    ULONG_PTR process, handle;
    ULONG access;
    USHORT trace, type;
    ULONG attributes, reserved;
  };
  struct List {
    ULONG_PTR count, reserved;
    Entry entries[1];
  };
  using Query = LONG(NTAPI*)(int, void*, ULONG, ULONG*);
  static const auto query = reinterpret_cast<Query>(
      reinterpret_cast<void*>(GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtQuerySystemInformation")));
  std::vector<HANDLE> found;
  std::vector<uint64_t> space(1 << 14);
  LONG status;
  while ((status = query(kSystemExtendedHandleInformation, space.data(),
                         static_cast<ULONG>(space.size() * sizeof space[0]), nullptr)) == kTooSmall) {
    space.resize(2 * space.size());
  }
  const auto* const list = reinterpret_cast<const List*>(space.data());
  for (ULONG_PTR index = 0; status == 0 && index < list->count; ++index) {
    const Entry& entry = list->entries[index];
    if (entry.process == GetCurrentProcessId()) found.push_back(reinterpret_cast<HANDLE>(entry.handle));
  }
  return found;
}

/** Counts the open files and directories that are `wanted`. */
template <typename Wanted>
napi_value countHandles(napi_env env, Wanted wanted) {
  uint32_t files = 0;
  for (const HANDLE handle : handles()) {
    BY_HANDLE_FILE_INFORMATION information;
    if (GetFileType(handle) != FILE_TYPE_DISK || !GetFileInformationByHandle(handle, &information)) continue;
    if (wanted(handle, information)) ++files;
  }
  return numberOf(env, files);
}

/**
 * Those whose paths contain the first argument, or which have one of the numbers in the second one: Wine does not know the
 * path of a file that was opened by a handle, or renamed.
 */
napi_value countFiles(napi_env env, napi_callback_info info) {
  const std::wstring part = argument(env, info);
  const std::set<uint64_t> numbers = identities(env, info);
  return countHandles(env, [&](HANDLE handle, const BY_HANDLE_FILE_INFORMATION& information) {
    const uint64_t number = uint64_t{information.nFileIndexHigh} << 32 | information.nFileIndexLow;
    if (part.empty() || numbers.count(number) != 0) return true;
    wchar_t path[1024];
    const DWORD length = GetFinalPathNameByHandleW(handle, path, 1024, 0);
    return length < 1024 && std::wstring(path, length).find(part) != std::wstring::npos;
  });
}

napi_value countDirectories(napi_env env, napi_callback_info) {
  return countHandles(env, [](HANDLE, const BY_HANDLE_FILE_INFORMATION& information) {
    return (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  });
}

/** The views of files whose paths contain the argument, or all of them. */
napi_value countViews(napi_env env, napi_callback_info info) {
  const std::wstring part = argument(env, info);
  uint32_t views = 0;
  const void* last = nullptr;
  MEMORY_BASIC_INFORMATION area;
  for (const char* at = nullptr; VirtualQuery(at, &area, sizeof area) != 0;
       at = static_cast<const char*>(area.BaseAddress) + area.RegionSize) {
    if (area.State != MEM_COMMIT || area.Type != MEM_MAPPED || area.AllocationBase == last) continue;
    last = area.AllocationBase;
    wchar_t path[1024];
    const DWORD length = GetMappedFileNameW(GetCurrentProcess(), area.BaseAddress, path, 1024);
    if (std::wstring(path, length).find(part) != std::wstring::npos) ++views;
  }
  return numberOf(env, views);
}

/** The areas of memory that this process has in use or reserved, of files or not. */
napi_value countAreas(napi_env env, napi_callback_info) {
  uint32_t areas = 0;
  MEMORY_BASIC_INFORMATION area;
  for (const char* at = nullptr; VirtualQuery(at, &area, sizeof area) != 0;
       at = static_cast<const char*>(area.BaseAddress) + area.RegionSize) {
    if (area.State != MEM_FREE) ++areas;
  }
  return numberOf(env, areas);
}

napi_value countThreads(napi_env env, napi_callback_info) {
  uint32_t threads = 0;
  const HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
  THREADENTRY32 thread{};
  thread.dwSize = sizeof thread;
  for (BOOL is = Thread32First(all, &thread); is; is = Thread32Next(all, &thread)) {
    if (thread.th32OwnerProcessID == GetCurrentProcessId()) ++threads;
  }
  CloseHandle(all);
  return numberOf(env, threads);
}

/** The memory that the system has promised this process alone. */
napi_value committedBytes(napi_env env, napi_callback_info) {
  PROCESS_MEMORY_COUNTERS_EX counters{};
  GetProcessMemoryInfo(GetCurrentProcess(), reinterpret_cast<PROCESS_MEMORY_COUNTERS*>(&counters), sizeof counters);
  napi_value result = nullptr;
  napi_create_double(env, static_cast<double>(counters.PrivateUsage), &result);
  return result;
}

/** Why the pages that are lost cannot be read: an NTSTATUS. */
std::atomic<ULONG_PTR> reason;

/**
 * As the first handler: what is an access violation becomes what Windows raises if a page cannot be read from its file. Only
 * losePages() leaves views without access.
 */
LONG CALLBACK onViolation(EXCEPTION_POINTERS* pointers) {
  EXCEPTION_RECORD& record = *pointers->ExceptionRecord;
  if (record.ExceptionCode != static_cast<DWORD>(EXCEPTION_ACCESS_VIOLATION)) return EXCEPTION_CONTINUE_SEARCH;
  MEMORY_BASIC_INFORMATION area{};
  VirtualQuery(reinterpret_cast<const void*>(record.ExceptionInformation[1]), &area, sizeof area);
  if (area.Type != MEM_MAPPED || area.Protect != PAGE_NOACCESS) return EXCEPTION_CONTINUE_SEARCH;
  record.ExceptionCode = static_cast<DWORD>(EXCEPTION_IN_PAGE_ERROR);
  record.NumberParameters = 3;
  record.ExceptionInformation[2] = reason;
  return EXCEPTION_CONTINUE_SEARCH;
}

/**
 * losePages(bytes, reason): from now on the pages that start in a Buffer, and are views of files, cannot be read, for that
 * reason (an NTSTATUS).
 */
napi_value losePages(napi_env env, napi_callback_info info) {
  size_t count = 2, length = 0;
  napi_value arguments[2];
  void* start = nullptr;
  uint32_t status = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_buffer_info(env, arguments[0], &start, &length);
  napi_get_value_uint32(env, arguments[1], &status);
  static void* const handler = AddVectoredExceptionHandler(1, onViolation);
  if (!handler) return numberOf(env, GetLastError());
  reason = status;
  const char* const end = static_cast<const char*>(start) + length;
  const char* at = reinterpret_cast<const char*>((reinterpret_cast<uintptr_t>(start) + 4095) / 4096 * 4096);
  MEMORY_BASIC_INFORMATION area;
  for (const char* next; at < end; at = next) {
    if (VirtualQuery(at, &area, sizeof area) == 0) return numberOf(env, GetLastError());
    const char* const areaEnd = static_cast<const char*>(area.BaseAddress) + area.RegionSize;
    next = areaEnd < end ? areaEnd : end;
    DWORD before;
    if (area.Type == MEM_MAPPED && !VirtualProtect(const_cast<char*>(at), next - at, PAGE_NOACCESS, &before)) {
      return numberOf(env, GetLastError());
    }
  }
  return numberOf(env, 0);
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"countFiles", nullptr, countFiles, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"countDirectories", nullptr, countDirectories, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"countViews", nullptr, countViews, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"countAreas", nullptr, countAreas, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"committedBytes", nullptr, committedBytes, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"losePages", nullptr, losePages, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"countThreads", nullptr, countThreads, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof functions / sizeof functions[0], functions);
  return exports;
}
