// See platform/engine.h, and posix/engine.cc for what V8 does with what it is given.
//
// Node is built for Windows by MSVC's C++ library, whose std::shared_ptr and std::unique_ptr are laid out here by hand: this
// addon may be built by another compiler. The names are the same in all versions since 20.
#include "platform/engine.h"

#include <cstring>
#include <iterator>
#include <utility>

#include "platform/win32/arena.h"

namespace fmmap::platform::engine {

namespace {

using Store = void;  // v8::BackingStore

/** std::_Ref_count_base of MSVC: what counts the users of a std::shared_ptr. */
struct Counter {
  struct Functions {
    void (*destroy)(Counter*);       // what is shared
    void (*deleteThis)(Counter*);
    void* (*destructor)(Counter*, unsigned);
    void* (*deleter)(const Counter*, const void*);
  };
  const Functions* functions;
  long uses = 1;
  long weaks = 1;
};

/** std::shared_ptr<Store> of MSVC. */
struct Shared {
  Store* store;
  Counter* counter;
};

void release(const Shared& shared) {
  Counter* const counter = shared.counter;
  if (!counter || InterlockedDecrement(&counter->uses) != 0) return;
  counter->functions->destroy(counter);
  if (InterlockedDecrement(&counter->weaks) == 0) counter->functions->deleteThis(counter);
}

// Class types are returned in memory whose address is the first argument, and a parameter of such a type is ended by the
// function that was called.
struct V8 {
  void** (*newStore)(void** result, void* data, std::size_t length, void (*deleter)(void*, std::size_t, void*), void* hint);
  void** (*newSharedStore)(void** result, void* data, std::size_t length, void (*deleter)(void*, std::size_t, void*), void* hint);
  void (*emptyDeleter)(void* data, std::size_t length, void* hint);
  void (*destroyStore)(Store* store);
  void** (*newArrayBuffer)(void** result, void* isolate, Shared* store);
  void** (*newSharedArrayBuffer)(void** result, void* isolate, Shared* store);
  Shared* (*storeOfShared)(void* buffer, Shared* result);
  Shared* (*storeOf)(void* buffer, Shared* result);
  void* (*isolate)();
};
V8 v8;

#define FMMAP_STORE "V?$unique_ptr@VBackingStore@v8@@U?$default_delete@VBackingStore@v8@@@std@@@std@@"
#define FMMAP_SHARED "V?$shared_ptr@VBackingStore@v8@@@std@@"
// In the order of the fields.
constexpr const char* kNames[] = {
    "?NewBackingStore@ArrayBuffer@v8@@SA?A" FMMAP_STORE "PEAX_KP6AX010@Z0@Z",
    "?NewBackingStore@SharedArrayBuffer@v8@@SA?A" FMMAP_STORE "PEAX_KP6AX010@Z0@Z",
    "?EmptyDeleter@BackingStore@v8@@SAXPEAX_K0@Z",
    "??1BackingStore@v8@@QEAA@XZ",
    "?New@ArrayBuffer@v8@@SA?AV?$Local@VArrayBuffer@v8@@@2@PEAVIsolate@2@" FMMAP_SHARED "@Z",
    "?New@SharedArrayBuffer@v8@@SA?AV?$Local@VSharedArrayBuffer@v8@@@2@PEAVIsolate@2@" FMMAP_SHARED "@Z",
    "?GetBackingStore@SharedArrayBuffer@v8@@QEAA?A" FMMAP_SHARED "XZ",
    "?GetBackingStore@ArrayBuffer@v8@@QEAA?A" FMMAP_SHARED "XZ",
    "?GetCurrent@Isolate@v8@@SAPEAV12@XZ",
};
#undef FMMAP_STORE
#undef FMMAP_SHARED
static_assert(sizeof(V8) == sizeof(void*) * std::size(kNames));

bool findAll() {
  void* symbols[std::size(kNames)];
  for (std::size_t index = 0; index < std::size(kNames); ++index) {
    symbols[index] = functionOf<void*>(nullptr, kNames[index]);
    if (symbols[index] == nullptr) return false;
  }
  std::memcpy(static_cast<void*>(&v8), symbols, sizeof v8);
  return true;
}

bool isSandboxed() {
  return functionOf<void*>(nullptr, "?GetSandboxSizeInBytes@V8@v8@@SA_KXZ") != nullptr;
}

/** Counts the users of a store, and lets go of `keeper` after the last one. */
struct OwnCounter : Counter {
  OwnCounter(Store* of, std::shared_ptr<void> kept) : store(of), keeper(std::move(kept)) { functions = &kFunctions; }
  Store* const store;
  std::shared_ptr<void> keeper;
  static const Functions kFunctions;
};

const Counter::Functions OwnCounter::kFunctions = {
    [](Counter* counter) {
      auto* const own = static_cast<OwnCounter*>(counter);
      v8.destroyStore(own->store);
      HeapFree(GetProcessHeap(), 0, own->store);  // as `operator delete` of MSVC's static library does, which Node has
      own->keeper = nullptr;
    },
    [](Counter* counter) { delete static_cast<OwnCounter*>(counter); },
    [](Counter* counter, unsigned) -> void* { return counter; },
    [](const Counter*, const void*) -> void* { return nullptr; },
};

void releaseArena(std::uint8_t* data) {
  if (const std::shared_ptr<Arena> arena = Arena::find(data)) arena->release();
}

/** With Node-API, which has had this since 22.23, 24.21 and 26.10; false if it lacks it. */
bool makeByNode(napi_env env, std::uint8_t* data, std::size_t length, napi_value* result) {
  using Make = napi_status(NAPI_CDECL*)(napi_env, void*, std::size_t, void (*)(void*, void*), void*, napi_value*);
  static const auto make = functionOf<Make>(nullptr, "node_api_create_external_sharedarraybuffer");
  const auto end = [](void* memory, void*) { releaseArena(static_cast<std::uint8_t*>(memory)); };
  return make && make(env, data, length, end, nullptr, result) == napi_ok;
}

napi_value makeByV8(std::uint8_t* data, std::size_t length) {
  void* store = nullptr;
  v8.newSharedStore(&store, data, length, v8.emptyDeleter, nullptr);
  const std::shared_ptr<void> keeper(data, [](void* memory) { releaseArena(static_cast<std::uint8_t*>(memory)); });
  Shared shared{store, new OwnCounter(store, keeper)};
  void* local = nullptr;
  v8.newSharedArrayBuffer(&local, v8.isolate(), &shared);
  return static_cast<napi_value>(local);
}

}  // namespace

Status makeMemory(napi_env env, std::size_t length, bool isKnown, napi_value* result) {
  std::shared_ptr<Arena> arena;
  installHandler();
  if (Status status = Arena::reserve(length, &arena); !status) return status;
  if (makeByNode(env, arena->data(), length, result)) return {};
  *result = isKnown ? makeByV8(arena->data(), length) : nullptr;
  if (*result) return {};
  arena->release();
  return Status::make(Kind::unsupported, "VirtualAlloc2",
                      "this program cannot make a SharedArrayBuffer of foreign memory; use Node 22.23, 24.21, 26.10 or newer");
}

bool find() { return findAll() && !isSandboxed(); }

bool countsUsers(napi_value arrayBuffer) {
  Shared first{}, second{};
  v8.storeOf(arrayBuffer, &first);
  v8.storeOf(arrayBuffer, &second);
  const bool isSame = first.store == second.store && first.counter == second.counter && first.counter &&
                      first.counter->uses == 3;  // V8's, and these two
  // What is freed in OwnCounter must be of the process's heap.
  if (!isSame || !HeapValidate(GetProcessHeap(), 0, first.store)) return false;
  release(first);
  release(second);
  return true;
}

std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer) {
  Shared shared{};
  v8.storeOfShared(sharedArrayBuffer, &shared);
  return std::shared_ptr<void>(shared.store, [shared](void*) { release(shared); });
}

napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper) {
  void* store = nullptr;
  v8.newStore(&store, data, length, v8.emptyDeleter, nullptr);
  Shared shared{store, new OwnCounter(store, std::move(keeper))};
  void* local = nullptr;
  v8.newArrayBuffer(&local, v8.isolate(), &shared);
  return static_cast<napi_value>(local);
}

}  // namespace fmmap::platform::engine
