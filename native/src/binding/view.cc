// Views: see view.h.
#include "binding/view.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "platform/engine.h"

namespace fmmap::view {

// --- whether V8 does what platform/engine.h says ---

namespace {

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
  const napi_value buffer =
      platform::engine::arrayBuffer(memory, sizeof memory, std::shared_ptr<void>(memory, [](void*) { --users; }));
  if (buffer == nullptr || counted(env) - before > static_cast<std::int64_t>(sizeof memory / 2)) return false;
  if (!platform::engine::countsUsers(buffer)) return false;
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

bool isKnown(napi_env env) {
  static std::once_flag once;
  static bool isKnown = false;
  std::call_once(once, [&] { isKnown = platform::engine::find() && works(env); });
  return isKnown;
}

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
  const napi_status status = napi_create_external_arraybuffer(env, data, length, drop, ofMemory, &result);
  if (status != napi_ok) {
    // It calls the finalizer only if it fails after it has taken the memory.
    if (status != napi_generic_failure) delete ofMemory;
    return nullptr;
  }
  return keepFor(env, result, keeper) ? result : nullptr;
}

}  // namespace

// --- either ---

bool isPlain(napi_env env) {
  // For hosts in which the engine is found and should be left alone.
  static const char* const wish = std::getenv("FMMAP_PLAIN_VIEWS");
  static const bool isUnwanted = wish != nullptr && std::strcmp(wish, "0") == 0;
  return !isUnwanted && isKnown(env);
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
