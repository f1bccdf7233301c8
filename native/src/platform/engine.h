// The contract with the system, 5 of 5: buffers over memory that is not V8's own.
//
// V8 has ArrayBuffers over foreign memory that it does not count, and reports when they are freed; Node-API does not. They are
// used if V8's functions can be found in this process.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "platform/status.h"

namespace fmmap::platform::engine {

/**
 * A SharedArrayBuffer of whole pages for a window, where this platform cannot map over V8's own memory; otherwise `result`
 * stays null.
 */
Status makeMemory(napi_env env, std::size_t length, napi_value* result);

/** Whether the engine is one that works as expected below. Looks once in a process. */
bool isKnown(napi_env env);

// --- only if it is known ---

/** V8's share in the memory of a SharedArrayBuffer. */
std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer);
/** Null if V8 has no memory for it. */
napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper);

}  // namespace fmmap::platform::engine
