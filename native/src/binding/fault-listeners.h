// Tells JavaScript that there was a fault, whatever thread it happened on.
#pragma once

#include <napi.h>

#include "platform/status.h"

namespace fmmap::fault_listeners {

/** Calls `report`, a function, in its own environment after each fault in the process, until the environment ends. */
Status listen(napi_env env, napi_value report);

}  // namespace fmmap::fault_listeners
