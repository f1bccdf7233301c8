// What of V8 goes beyond Node-API: ArrayBuffers over foreign memory that V8 does not count, and whose end it tells.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fmmap::engine {

/** Looks, once in a process, whether the engine is one that does as is expected below. */
bool isKnown(napi_env env);

// --- only where it is ---
/** V8's hold of the memory of a SharedArrayBuffer. */
std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer);
/** Null where V8 has no memory for it. */
napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper);

}  // namespace fmmap::engine
