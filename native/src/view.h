// Views: ArrayBuffers of exactly the bytes that a user asked for, over memory that is not theirs.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace fmmap {

/** Keeps something as long as it has users, on whatever thread the last of them ends. */
using Keeper = std::shared_ptr<void>;

namespace view {

/** Whether views are V8's own, which counts none of their bytes. Else they are Node-API's external ArrayBuffers. */
bool isPlain(napi_env env);

/** Keeps the memory of a SharedArrayBuffer. Empty, with an exception pending, where that cannot be. */
Keeper keep(napi_env env, napi_value memory);

/** Lets go of `keeper` with the last use of the view, wherever it has been moved to. Null with an exception pending. */
napi_value make(napi_env env, std::uint8_t* data, std::size_t length, Keeper keeper);

/** Lets go of `keeper` once an object has been collected. False with an exception pending. */
bool keepFor(napi_env env, napi_value object, Keeper keeper);

}  // namespace view
}  // namespace fmmap
