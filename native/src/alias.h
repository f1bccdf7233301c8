// A detachable ArrayBuffer over memory that a SharedArrayBuffer owns. V8 counts it as external
// memory, so it is made only for `detachOnClose`, and only when a view is asked for.
#pragma once

#include <napi.h>

namespace fmmap {

/** nullptr with an exception pending where the engine refuses. */
napi_value alias(napi_env env, napi_value bytes);

}  // namespace fmmap
