// Counts what a process has open: Windows has no /proc. Built by scripts/windows.
#include <node_api.h>
#include <windows.h>

#include <psapi.h>

#include <cstdint>
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

/** The open files and directories whose paths start with the argument, or all of them. */
napi_value countFiles(napi_env env, napi_callback_info info) {
  const std::wstring start = argument(env, info);
  DWORD left = 0;
  GetProcessHandleCount(GetCurrentProcess(), &left);
  uint32_t files = 0;
  // Handles are multiples of 4; those that are closed leave gaps.
  for (uintptr_t value = 4; left > 0 && value < 0x40000; value += 4) {
    const auto handle = reinterpret_cast<HANDLE>(value);
    DWORD flags = 0;
    if (!GetHandleInformation(handle, &flags)) continue;
    --left;
    if (GetFileType(handle) != FILE_TYPE_DISK) continue;
    wchar_t path[1024];
    const DWORD length = GetFinalPathNameByHandleW(handle, path, 1024, 0);
    if (length == 0 || length >= 1024) continue;
    if (std::wstring(path, length).find(start) != std::wstring::npos) ++files;
  }
  return numberOf(env, files);
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
      {"countViews", nullptr, countViews, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
