// See platform/engine.h.
//
// V8 can make an ArrayBuffer over foreign memory that it neither counts nor frees (BackingStore::EmptyDeleter); Node-API
// cannot. The std::shared_ptr that V8 is given has a counter of ours, and goes wherever the memory goes: to another buffer by
// transfer(), to another thread by postMessage(), into work in flight. So the counter learns of the end of the last use: on any
// thread, even one of V8's own, after the environment has ended, and while the process ends.
//
// The functions are looked up by name and not linked: a host that lacks them (Bun, Deno) must still load the addon. Node is
// built for Linux with libstdc++, in all versions since 20: the names are those that it gives, and its std::shared_ptr is laid
// out here by hand, for this addon may be built with another C++ library. A self-test (binding/view.cc) decides whether they
// work as described here.
#include "platform/engine.h"

#include <dlfcn.h>

#include <atomic>
#include <cstring>
#include <iterator>
#include <utility>

namespace fmmap::platform::engine {

namespace {

using Store = void;  // v8::BackingStore

/** std::_Sp_counted_base of libstdc++: what counts the users of a std::shared_ptr. */
struct Counter {
  struct Functions {
    void (*destructor)(Counter*);
    void (*deletingDestructor)(Counter*);
    void (*dispose)(Counter*);  // of what is shared
    void (*destroy)(Counter*);
    void* (*deleter)(Counter*, const void* type);
  };
  const Functions* functions;
  std::atomic<int> uses{1};
  std::atomic<int> weaks{1};
};

/** std::shared_ptr<Store> of libstdc++. It is passed in memory, for its destructor does something. */
struct Shared {
  Shared(Store* of, Counter* by) : store(of), counter(by) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    if (!counter || --counter->uses != 0) return;
    counter->functions->dispose(counter);
    if (--counter->weaks == 0) counter->functions->destroy(counter);
  }
  Store* store;
  Counter* counter;
};

/** std::unique_ptr<Store>, likewise. */
struct Returned {
  Store* store;
  ~Returned() {}
};

/** v8::Local: a class, which some processors return in memory. */
struct Local {
  void* value;
};

struct V8 {
  Returned (*newStore)(void* data, std::size_t length, void (*deleter)(void*, std::size_t, void*), void* hint);
  void (*emptyDeleter)(void* data, std::size_t length, void* hint);
  void (*destroyStore)(Store* store);
  Local (*newArrayBuffer)(void* isolate, Shared store);
  Shared (*storeOfShared)(void* buffer);
  Shared (*storeOf)(void* buffer);
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

/** Counts the users of a store, and lets go of `keeper` after the last one. */
struct OwnCounter : Counter {
  OwnCounter(Store* of, std::shared_ptr<void> kept) : Counter{&kFunctions}, store(of), keeper(std::move(kept)) {}
  Store* const store;
  std::shared_ptr<void> keeper;
  static const Functions kFunctions;
};

const Counter::Functions OwnCounter::kFunctions = {
    [](Counter*) {},
    [](Counter* counter) { delete static_cast<OwnCounter*>(counter); },
    [](Counter* counter) {
      auto* const own = static_cast<OwnCounter*>(counter);
      v8.destroyStore(own->store);
      v8.deleteMemory(own->store);
      own->keeper = nullptr;
    },
    [](Counter* counter) { delete static_cast<OwnCounter*>(counter); },
    [](Counter*, const void*) -> void* { return nullptr; },
};

}  // namespace

Status makeMemory(napi_env, std::size_t, bool, napi_value*) { return {}; }

bool find() { return findAll() && !isSandboxed(); }

bool countsUsers(napi_value arrayBuffer) {
  const Shared first = v8.storeOf(arrayBuffer), second = v8.storeOf(arrayBuffer);
  const bool isSame = first.store == second.store && first.counter == second.counter;
  return isSame && first.counter && first.counter->uses == 3;  // V8's, and these two
}

std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer) {
  return std::shared_ptr<void>(new Shared(v8.storeOfShared(sharedArrayBuffer)));
}

napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper) {
  const Returned returned = v8.newStore(data, length, v8.emptyDeleter, nullptr);
  auto* const counter = new OwnCounter(returned.store, std::move(keeper));
  return static_cast<napi_value>(v8.newArrayBuffer(v8.isolate(), Shared{returned.store, counter}).value);
}

}  // namespace fmmap::platform::engine
