// Counts what a process has open: Windows has no /proc. Built by scripts/windows.
#include <node_api.h>
#include <windows.h>

#include <psapi.h>

#include <cstdint>
#include <set>
#include <string>

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

/** Counts the open files and directories that are `wanted`. */
template <typename Wanted>
napi_value countHandles(napi_env env, Wanted wanted) {
  constexpr int most = 1024;
  uint32_t files = 0;
  // Handles are multiples of 4; those that are closed leave gaps. GetProcessHandleCount says nothing under Wine.
  int gap = 0;
  for (uintptr_t value = 4; gap < most; value += 4) {
    const auto handle = reinterpret_cast<HANDLE>(value);
    DWORD flags = 0;
    if (!GetHandleInformation(handle, &flags)) {
      ++gap;
      continue;
    }
    gap = 0;
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

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"countFiles", nullptr, countFiles, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"countDirectories", nullptr, countDirectories, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"countViews", nullptr, countViews, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 3, functions);
  return exports;
}
