// The contract with the system, 5 of 5: what V8 has and Node-API lacks, if its functions can be found in this process.
//
// That is ArrayBuffers over foreign memory which V8 does not count, and whose end it reports.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fmmap::platform::engine {

/** Whether the engine is one that works as expected below. Looks once in a process. */
bool isKnown(napi_env env);

// --- only if it is known ---

/** V8's share in the memory of a SharedArrayBuffer. */
std::shared_ptr<void> storeOf(napi_value sharedArrayBuffer);
/** Null if V8 has no memory for it. */
napi_value arrayBuffer(std::uint8_t* data, std::size_t length, std::shared_ptr<void> keeper);

}  // namespace fmmap::platform::engine
