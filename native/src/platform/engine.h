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
 * stays null. `isKnown` says whether V8's functions work as expected below.
 */
Status makeMemory(napi_env env, std::size_t length, bool isKnown, napi_value* result);

/** Looks for V8's functions, once in a process. False if some are missing, or if its sandbox allows no foreign memory. */
bool find();

// --- only after that; binding/view.cc tests whether they work ---

/** Whether two looks at the memory of an ArrayBuffer count as two more users of it. */
bool countsUsers(napi_value arrayBuffer);

/** V8's share in the memory of a SharedArrayBuffer. */
std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer);
/** Null if V8 has no memory for it. */
napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper);

}  // namespace fmmap::platform::engine
