// V8's own functions on a system that has none of it: see platform/engine.h. Proves that the contract is complete (scripts/check-stub.mjs).
#include "platform/engine.h"

namespace fmmap::platform::engine {

Status makeMemory(napi_env, std::size_t, bool, napi_value*) { return {}; }

bool find() { return false; }

bool countsUsers(napi_value) { return false; }

std::shared_ptr<void> storeOf(napi_value) { return nullptr; }

napi_value arrayBuffer(std::uint8_t*, std::size_t, std::shared_ptr<void>) { return nullptr; }

}  // namespace fmmap::platform::engine
