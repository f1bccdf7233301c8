// See platform/engine.h.
//
// V8 can make an ArrayBuffer over foreign memory that it neither counts nor frees (BackingStore::EmptyDeleter); Node-API
// cannot. The std::shared_ptr that V8 is given has a deleter of ours, and goes wherever the memory goes: to another buffer by
// transfer(), to another thread by postMessage(), into work in flight. So the deleter is the end of the last use: on any
// thread, even one of V8's own, after the environment has ended, and while the process ends.
//
// The functions are looked up by name and not linked: a host that lacks them (Bun, Deno) must still load the addon. Their
// names, and the layout of std::shared_ptr, are those of libstdc++, with which Node is built for Linux, in all versions since
// 20. A self-test decides whether they work as described here.
#include "platform/engine.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <mutex>
#include <utility>

namespace fmmap::platform::engine {

namespace {

using Store = void;  // v8::BackingStore

/** As a std::unique_ptr<Store> is returned: in memory, for its destructor does something. */
struct Returned {
  Store* store;
  ~Returned() {}
};

struct V8 {
  Returned (*newStore)(void* data, std::size_t length, void (*deleter)(void*, std::size_t, void*), void* hint);
  void (*emptyDeleter)(void* data, std::size_t length, void* hint);
  void (*destroyStore)(Store* store);
  void* (*newArrayBuffer)(void* isolate, std::shared_ptr<Store> store);
  std::shared_ptr<Store> (*storeOfShared)(void* buffer);
  std::shared_ptr<Store> (*storeOf)(void* buffer);
  void* (*isolate)();
  void (*deleteMemory)(void* memory);
};
V8 v8;

// In the order of the fields.
constexpr const char* kNames[] = {
    "_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_",
    "_ZN2v812BackingStore12EmptyDeleterEPvmS1_",
    "_ZN2v812BackingStoreD1Ev",
    "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE",
    "_ZN2v817SharedArrayBuffer15GetBackingStoreEv",
    "_ZN2v811ArrayBuffer15GetBackingStoreEv",
    "_ZN2v87Isolate10GetCurrentEv",
    "_ZdlPv",
};
static_assert(sizeof(V8) == sizeof(void*) * std::size(kNames));

bool find() {
  void* symbols[std::size(kNames)];
  for (std::size_t index = 0; index < std::size(kNames); ++index) {
    symbols[index] = dlsym(RTLD_DEFAULT, kNames[index]);
    if (symbols[index] == nullptr) return false;
  }
  std::memcpy(static_cast<void*>(&v8), symbols, sizeof v8);
  return true;
}

/** Foreign memory ends a process whose V8 is in a sandbox. */
bool isSandboxed() { return dlsym(RTLD_DEFAULT, "_ZN2v82V821GetSandboxSizeInBytesEv") != nullptr; }

/** V8's count of what lies outside of its heap. */
std::int64_t counted(napi_env env) {
  std::int64_t bytes = 0;
  napi_adjust_external_memory(env, 0, &bytes);
  return bytes;
}

/** Never detaches: the first time in an isolate makes all typed arrays of it slower on Node 20 and 22. */
bool works(napi_env env) {
  alignas(double) static std::uint8_t memory[1 << 20];  // so that its count would be seen
  double* const numbers = reinterpret_cast<double*>(memory);
  numbers[0] = 1.5;
  static std::atomic<int> users{0};
  const std::int64_t before = counted(env);
  ++users;
  const napi_value buffer = arrayBuffer(memory, sizeof memory, std::shared_ptr<void>(memory, [](void*) { --users; }));
  if (buffer == nullptr || counted(env) - before > static_cast<std::int64_t>(sizeof memory / 2)) return false;
  {
    const std::shared_ptr<Store> first = v8.storeOf(buffer), second = v8.storeOf(buffer);
    if (first.get() != second.get() || first.owner_before(second) || second.owner_before(first)) return false;
    if (first.use_count() != 3) return false;  // V8's, and these two
  }
  void* data = nullptr;
  std::size_t length = 0;
  napi_value array = nullptr, element = nullptr;
  double value = 0;
  return users == 1 && napi_get_arraybuffer_info(env, buffer, &data, &length) == napi_ok && data == memory &&
         length == sizeof memory && napi_create_typedarray(env, napi_float64_array, 2, buffer, 0, &array) == napi_ok &&
         napi_get_element(env, array, 0, &element) == napi_ok &&
         napi_get_value_double(env, element, &value) == napi_ok && value == 1.5 &&
         napi_set_element(env, array, 1, element) == napi_ok && numbers[1] == 1.5;
}

}  // namespace

Status makeMemory(napi_env, std::size_t, napi_value*) { return {}; }

bool isKnown(napi_env env) {
  static std::once_flag once;
  static bool isKnown = false;
  std::call_once(once, [&] { isKnown = find() && !isSandboxed() && works(env); });
  return isKnown;
}

std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer) { return v8.storeOfShared(sharedArrayBuffer); }

napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper) {
  const Returned returned = v8.newStore(data, length, v8.emptyDeleter, nullptr);
  std::shared_ptr<Store> store(returned.store, [keeper = std::move(keeper)](Store* done) {
    v8.destroyStore(done);
    v8.deleteMemory(done);
  });
  return static_cast<napi_value>(v8.newArrayBuffer(v8.isolate(), std::move(store)));
}

}  // namespace fmmap::platform::engine
