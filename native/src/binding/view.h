// Views: ArrayBuffers of exactly the bytes that a user asked for, over memory that is not theirs.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "mapping/window.h"

namespace fmmap::view {

/** Whether views are V8's own, which counts none of their bytes. Else they are Node-API's external ArrayBuffers. */
bool isPlain(napi_env env);

/** Keeps the SharedArrayBuffer that a typed array lies over. Empty where there is none, or the environment stops. */
Keeper keep(napi_env env, napi_value array);

/** Lets go of `keeper` with the last use of the view, wherever it has been moved to. Null with an exception pending. */
napi_value make(napi_env env, std::uint8_t* data, std::size_t length, Keeper keeper);

/** Lets go of `keeper` once an object has been collected. False with an exception pending. */
bool keepFor(napi_env env, napi_value object, Keeper keeper);

}  // namespace fmmap::view
