// See platform/engine.h.
//
// V8 can make an ArrayBuffer over foreign memory that it neither counts nor frees (BackingStore::EmptyDeleter); Node-API
// cannot. The std::shared_ptr that V8 is given has a deleter of ours, and goes wherever the memory goes: to another buffer by
// transfer(), to another thread by postMessage(), into work in flight. So the deleter is the end of the last use: on any
// thread, even one of V8's own, after the environment has ended, and while the process ends.
//
// The functions are looked up by name and not linked: a host that lacks them (Bun, Deno) must still load the addon. Their
// names, and the layout of std::shared_ptr, are those of libstdc++, with which Node is built for Linux, in all versions since
// 20. A self-test (binding/view.cc) decides whether they work as described here.
#include "platform/engine.h"

#include <dlfcn.h>

#include <cstring>
#include <iterator>
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

bool findAll() {
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

}  // namespace

Status makeMemory(napi_env, std::size_t, bool, napi_value*) { return {}; }

bool find() { return findAll() && !isSandboxed(); }

bool countsUsers(napi_value arrayBuffer) {
  const std::shared_ptr<Store> first = v8.storeOf(arrayBuffer), second = v8.storeOf(arrayBuffer);
  const bool isSame = first.get() == second.get() && !first.owner_before(second) && !second.owner_before(first);
  return isSame && first.use_count() == 3;  // V8's, and these two
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
