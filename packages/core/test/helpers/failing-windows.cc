// Lets functions of Windows fail for the package alone, by the table of what its addon imports. Built by scripts/windows, and on
// Windows by native/test/binding.gyp.
#include <node_api.h>
#include <windows.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string>

namespace {

std::atomic<int> which{-1};
std::atomic<int> left{0};  // calls until it fails
std::atomic<DWORD> error{0};

bool isDue(int index) { return which == index && --left == 0; }

template <int index, typename Function>
struct Hook;

template <int index, typename Result, typename... Arguments>
struct Hook<index, Result(WINAPI*)(Arguments...)> {
  static Result WINAPI call(Arguments... arguments) {
    if (!isDue(index)) return original(arguments...);
    SetLastError(error);
    return failed;
  }
  static inline Result(WINAPI* original)(Arguments...) = nullptr;
  static inline Result failed{};
};

template <typename Function>
void* addressOf(Function function) {
  return reinterpret_cast<void*>(function);
}

struct Imported {
  const char* name;
  void* hook;
  void (*setOriginal)(void*);
};

#define HOOKED(index, name)                                                                       \
  {#name, addressOf(&Hook<index, decltype(&name)>::call), [](void* original) {                    \
     Hook<index, decltype(&name)>::original = reinterpret_cast<decltype(&name)>(original);        \
   }}

const Imported kImported[] = {
    HOOKED(0, CreateFileW),       HOOKED(1, ReOpenFile),
    HOOKED(2, CreateFileMappingW), HOOKED(3, SetFileInformationByHandle),
    HOOKED(4, FlushFileBuffers),  HOOKED(5, FlushViewOfFile),
    HOOKED(6, LockFileEx),        HOOKED(7, GetFileSizeEx),
    HOOKED(8, WriteFile),         HOOKED(9, GetFileInformationByHandleEx),
};

/** Replaces the addresses in the table of a module. @returns How many of them it has. */
int install(HMODULE module) {
  auto* const base = reinterpret_cast<uint8_t*>(module);
  const auto* const dos = reinterpret_cast<const IMAGE_DOS_HEADER*>(base);
  const auto* const headers = reinterpret_cast<const IMAGE_NT_HEADERS*>(base + dos->e_lfanew);
  const IMAGE_DATA_DIRECTORY& imports = headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT];
  int found = 0;
  for (auto* library = reinterpret_cast<IMAGE_IMPORT_DESCRIPTOR*>(base + imports.VirtualAddress); library->Name != 0; ++library) {
    auto* name = reinterpret_cast<IMAGE_THUNK_DATA*>(base + library->OriginalFirstThunk);
    auto* slot = reinterpret_cast<IMAGE_THUNK_DATA*>(base + library->FirstThunk);
    for (; name->u1.AddressOfData != 0; ++name, ++slot) {
      if (IMAGE_SNAP_BY_ORDINAL(name->u1.Ordinal)) continue;
      const auto* const by = reinterpret_cast<const IMAGE_IMPORT_BY_NAME*>(base + name->u1.AddressOfData);
      for (const Imported& one : kImported) {
        if (std::strcmp(one.name, reinterpret_cast<const char*>(by->Name)) != 0) continue;
        DWORD before;
        one.setOriginal(reinterpret_cast<void*>(slot->u1.Function));
        VirtualProtect(&slot->u1.Function, sizeof slot->u1.Function, PAGE_READWRITE, &before);
        slot->u1.Function = reinterpret_cast<ULONGLONG>(one.hook);
        ++found;
      }
    }
  }
  return found;
}

/** failAt(name, nth, error): the nth call from now on fails with an error of Windows. A name of '' ends that. */
napi_value failAt(napi_env env, napi_callback_info info) {
  size_t count = 3, length = 0;
  napi_value arguments[3];
  char name[100];
  uint32_t nth = 0, code = 0;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_string_utf8(env, arguments[0], name, sizeof name, &length);
  napi_get_value_uint32(env, arguments[1], &nth);
  napi_get_value_uint32(env, arguments[2], &code);
  which = -1;
  left = static_cast<int>(nth);
  error = code;
  int index = 0;
  for (const Imported& one : kImported) {
    if (std::strcmp(one.name, name) == 0) which = index;
    ++index;
  }
  return nullptr;
}

/** Whether the call was reached. */
napi_value hasFailed(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_get_boolean(env, left <= 0, &result);
  return result;
}

}  // namespace

NAPI_MODULE_INIT() {
  Hook<0, decltype(&CreateFileW)>::failed = INVALID_HANDLE_VALUE;
  Hook<1, decltype(&ReOpenFile)>::failed = INVALID_HANDLE_VALUE;
  // As it is called where it was built, or where it is published.
  for (const wchar_t* const name : {L"fmmap.node", L"node.napi.node"}) {
    if (const HMODULE module = GetModuleHandleW(name)) install(module);
  }
  napi_value names = nullptr;
  napi_create_array(env, &names);
  uint32_t count = 0;
  for (const Imported& one : kImported) {
    napi_value name = nullptr;
    napi_create_string_utf8(env, one.name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, count++, name);
  }
  napi_set_named_property(env, exports, "names", names);
  const napi_property_descriptor functions[] = {
      {"failAt", nullptr, failAt, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"hasFailed", nullptr, hasFailed, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, 2, functions);
  return exports;
}
