// Telling JavaScript that there was a fault, from whichever thread it happened on.
#pragma once

#include <napi.h>

#include "platform/status.h"

namespace fmmap::fault_listeners {

/** Has `report`, a function, called in its own environment after each fault in the process, until that ends. */
Status listen(napi_env env, napi_value report);

}  // namespace fmmap::fault_listeners
