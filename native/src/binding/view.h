// Views: ArrayBuffers of exactly the bytes that a user asked for, over memory of a window.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "mapping/handle.h"

namespace fmmap::view {

/** Whether V8's own functions work as expected here. Tries them once in a process. */
bool isKnown(napi_env env);

/** Whether V8 makes the views, and counts none of their bytes. Otherwise they are Node-API's external ArrayBuffers. */
bool isPlain(napi_env env);

/** Keeps the SharedArrayBuffer that a typed array lies over. Null if there is none, or the environment is stopping. */
Keeper keep(napi_env env, napi_value array);

/** A view that lets go of `keeper` with its last use, wherever it has been moved to. Null with an exception pending. */
napi_value make(napi_env env, std::uint8_t* data, std::size_t length, Keeper keeper);

/** Lets go of `keeper` once an object has been collected. False with an exception pending. */
bool keepFor(napi_env env, napi_value object, Keeper keeper);

}  // namespace fmmap::view
