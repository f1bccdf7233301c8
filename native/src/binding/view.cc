// Views: see view.h.
#include "binding/view.h"

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "platform/engine.h"

namespace fmmap::view {

// --- without V8: Node-API's external ArrayBuffers, whose bytes the engine counts ---

namespace {

/** References can be deleted only on the thread of their environment: those to be deleted wait here for its next call. */
struct Done {
  explicit Done(napi_env of) : env(of) {}
  const napi_env env;
  std::mutex mutex;
  std::vector<napi_ref> references;
};

std::shared_ptr<Done> doneOf(napi_env env) {
  thread_local std::shared_ptr<Done> done;
  if (!done || done->env != env) done = std::make_shared<Done>(env);
  std::lock_guard<std::mutex> guard(done->mutex);
  for (const napi_ref reference : done->references) napi_delete_reference(env, reference);
  done->references.clear();
  return done;
}

Keeper refer(napi_env env, napi_value memory) {
  napi_ref reference = nullptr;
  if (napi_create_reference(env, memory, 1, &reference) != napi_ok) return nullptr;
  return Keeper(reference, [done = doneOf(env)](void* reference) {
    std::lock_guard<std::mutex> guard(done->mutex);
    done->references.push_back(static_cast<napi_ref>(reference));
  });
}

// The engine reports the end twice: that of the memory (at once after a detach), and that of the object. Work in flight may
// hold the object alone.
napi_value makeExternal(napi_env env, std::uint8_t* data, std::size_t length, const Keeper& keeper) {
  napi_value result = nullptr;
  auto* const ofMemory = new Keeper(keeper);
  const auto drop = [](napi_env, void*, void* hint) { delete static_cast<Keeper*>(hint); };
  // If it fails, it has called the finalizer.
  if (napi_create_external_arraybuffer(env, data, length, drop, ofMemory, &result) != napi_ok) return nullptr;
  return keepFor(env, result, keeper) ? result : nullptr;
}

}  // namespace

// --- either ---

bool isPlain(napi_env env) {
  // For hosts in which the engine is found and should be left alone.
  static const char* const wish = std::getenv("FMMAP_PLAIN_VIEWS");
  static const bool isUnwanted = wish != nullptr && std::strcmp(wish, "0") == 0;
  return !isUnwanted && platform::engine::isKnown(env);
}

Keeper keep(napi_env env, napi_value array) {
  napi_value memory = nullptr;
  bool isPrivate = true;
  if (napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &memory, nullptr) != napi_ok ||
      napi_is_arraybuffer(env, memory, &isPrivate) != napi_ok || isPrivate) {
    return nullptr;
  }
  return isPlain(env) ? platform::engine::storeOf(memory) : refer(env, memory);
}

napi_value make(napi_env env, std::uint8_t* data, std::size_t length, Keeper keeper) {
  return isPlain(env) ? platform::engine::arrayBuffer(data, length, std::move(keeper)) : makeExternal(env, data, length, keeper);
}

bool keepFor(napi_env env, napi_value object, Keeper keeper) {
  auto* const kept = new Keeper(std::move(keeper));
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<Keeper*>(data); };
  if (napi_add_finalizer(env, object, kept, drop, nullptr, nullptr) == napi_ok) return true;
  delete kept;
  return false;
}

}  // namespace fmmap::view
