#include "alias.h"

namespace fmmap {

namespace {

// V8 tells twice that it has let go: when the backing store dies (at once after a detach) and when
// the object does. Work in flight may hold the object alone, so the memory is kept for both.
struct Keeper {
  napi_ref memory;
  int holds = 2;
};

void drop(napi_env env, void*, void* hint) {
  auto* keeper = static_cast<Keeper*>(hint);
  if (--keeper->holds > 0) return;
  napi_delete_reference(env, keeper->memory);
  delete keeper;
}

}  // namespace

napi_value alias(napi_env env, napi_value bytes) {
  napi_typedarray_type type;
  void* data = nullptr;
  size_t length = 0;
  napi_value result = nullptr;
  napi_ref memory = nullptr;
  if (napi_get_typedarray_info(env, bytes, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array || napi_create_reference(env, bytes, 1, &memory) != napi_ok) {
    return nullptr;
  }
  auto* keeper = new Keeper{memory};
  // On failure the finalizer has already run: only the object's hold is ours to drop.
  const bool made = napi_create_external_arraybuffer(env, data, length, drop, keeper, &result) == napi_ok &&
                    napi_add_finalizer(env, result, nullptr, drop, keeper, nullptr) == napi_ok;
  if (made) return result;
  drop(env, nullptr, keeper);
  return nullptr;
}

}  // namespace fmmap
